using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Engine.Steps;
using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Agent.Tests.Engine.Steps;

public sealed class QuiescingTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(null, null, false)]
    [InlineData(0, null, false)]
    [InlineData(60, null, true)]
    [InlineData(60, 30, false)]
    [InlineData(60, 59, true)]
    [InlineData(60, 600, true)]
    [InlineData(60, -5, true)]
    public void A_cut_asks_for_it_when_the_interval_has_passed_since_the_last_try(int? intervalSeconds, int? triedSecondsAgo, bool due)
    {
        AppConsistency? before = triedSecondsAgo is { } seconds ? new(Now - TimeSpan.FromSeconds(seconds), null, "FreezeRefused: no") : null;

        Assert.Equal(due, Quiescing.IsDue(intervalSeconds is { } interval ? TimeSpan.FromSeconds(interval) : null, before, Now));
    }

    [Fact]
    public void A_reason_names_its_code_first()
    {
        Assert.Null(Quiescing.ReasonOf(SnapshotConsistency.App));
        Assert.Equal("FreezeTimedOut: no answer", Quiescing.ReasonOf(new(false, QuiesceReasons.FreezeTimedOut, "no answer")));
    }
}
