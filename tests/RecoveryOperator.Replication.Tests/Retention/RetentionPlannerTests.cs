using RecoveryOperator.Replication.Retention;

namespace RecoveryOperator.Replication.Tests.Retention;

public class RetentionPlannerTests
{
    private static readonly DateTimeOffset _start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(24, new long[] { })]
    [InlineData(3, new long[] { })]
    [InlineData(2, new long[] { 1 })]
    [InlineData(1, new long[] { 1, 2 })]
    [InlineData(0, new long[] { })]
    public void Points_older_than_the_hours_before_the_newest_point_go_but_the_one_that_stood_when_they_began(int hours, long[] expected) =>
        Assert.Equal(expected, Plan([Point(1), Point(2), Point(3), Point(4), Point(5)], hours));

    [Fact]
    public void A_replica_that_got_no_sets_for_long_keeps_its_newest_points() => Assert.Empty(Plan([Point(5), Point(6)], 1));

    [Fact]
    public void The_newest_the_newest_verified_and_pinned_points_stay() =>
        Assert.Equal([2], Plan([Point(1) with { Pinned = true }, Point(2) with { Verified = true }, Point(3) with { Verified = true }, Point(4), Point(30)], 1));

    [Fact]
    public void A_newest_point_of_a_doubtful_clock_removes_nothing() => Assert.Empty(Plan([Point(1), Point(30) with { ClockSkew = true }], 1));

    [Fact]
    public void A_later_epoch_is_newer_whatever_its_sequence() =>
        Assert.Equal([8], Plan([Point(8), Point(9), Point(1) with { Epoch = 2, StoredAt = _start.AddHours(20) }], 1));

    [Fact]
    public void Without_points_there_is_nothing_to_remove() => Assert.Empty(Plan([], 1));

    private static IEnumerable<long> Plan(RetainedPoint[] points, int hours) => RetentionPlanner.Plan(points, hours).Select(point => point.Sequence).Order();

    private static RetainedPoint Point(long hour) => new(1, hour, _start.AddHours(hour), ClockSkew: false, Verified: false, Pinned: false);
}
