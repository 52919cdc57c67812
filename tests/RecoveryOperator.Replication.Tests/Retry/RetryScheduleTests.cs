using RecoveryOperator.Replication.Retry;

namespace RecoveryOperator.Replication.Tests.Retry;

public class RetryScheduleTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    [InlineData(4, 8)]
    [InlineData(5, 10)]
    [InlineData(6, 30)]
    [InlineData(1000, 30)]
    public void A_failed_cycle_is_tried_again_after(int failures, int minutes) =>
        Assert.Equal(TimeSpan.FromMinutes(minutes), RetrySchedule.DelayAfter(failures));

    [Fact]
    public void Without_a_failure_there_is_no_retry() => Assert.Throws<ArgumentOutOfRangeException>(() => RetrySchedule.DelayAfter(0));
}
