using RecoveryOperator.Replication.Retention;

namespace RecoveryOperator.Replication.Tests.Retention;

/// <summary>Whatever hosts make of their clocks, a doubt only ever keeps points.</summary>
public class DoubtfulClockTests
{
    private static readonly DateTimeOffset _start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly RetentionTerms _terms = new(FullDensityHours: 4, HourlyForHours: 24, DailyForDays: 5);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Doubts_remove_nothing_that_would_stay_without_them(int seed)
    {
        RetainedPoint[] doubtful = History(new Random(seed));
        RetainedPoint[] sure = [.. doubtful.Select(point => point with { ClockSkew = false })];
        HashSet<long> goesAnyway = [.. RetentionPlanner.Plan(sure, _terms).Select(point => point.Sequence)];

        Assert.Subset(goesAnyway, RetentionPlanner.Plan(doubtful, _terms).Select(point => point.Sequence).ToHashSet());
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_newest_the_newest_verified_and_all_of_the_time_at_full_density_stay_after_every_set(int seed)
    {
        List<RetainedPoint> points = [];
        foreach (RetainedPoint next in History(new Random(seed)))
        {
            points.Add(next);
            RetainedPoint? verified = points.FindLast(point => point.Verified);
            RetainedPoint[] recent = [.. points.Where(point => next.StoredAt - point.StoredAt <= TimeSpan.FromHours(4))];
            HashSet<RetainedPoint> removed = [.. RetentionPlanner.Plan(points, _terms)];
            points.RemoveAll(removed.Contains);

            Assert.Same(next, points[^1]);
            Assert.True(verified is null || points.Contains(verified), $"{verified} was the newest verified one (seed {seed})");
            Assert.All(recent, point => Assert.Contains(point, points));
            if (next.ClockSkew)
                Assert.Empty(removed);
        }
    }

    /// <summary>Somebody holds a host back until all points are old, and then commits what he likes.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    public void Points_from_before_a_silence_stay_until_what_came_behind_it_is_as_old_as_the_time_at_full_density(int sets)
    {
        List<RetainedPoint> points = [.. Enumerable.Range(0, 20).Select(hour => new RetainedPoint(1, hour, _start.AddHours(hour), false, false, false))];
        RetainedPoint lastGood = points[^1];
        DateTimeOffset back = lastGood.StoredAt.AddDays(9);
        for (int set = 0; set < sets; set++)
        {
            points.Add(new RetainedPoint(1, 100 + set, back.AddHours(4.0 * set / sets), false, false, false));
            HashSet<RetainedPoint> removed = [.. RetentionPlanner.Plan(points, new RetentionTerms(4))];
            points.RemoveAll(removed.Contains);
            Assert.Contains(lastGood, points);
        }

        points.Add(new RetainedPoint(1, 1000, back.AddHours(9), false, false, false));
        Assert.Contains(lastGood, RetentionPlanner.Plan(points, new RetentionTerms(4)));
    }

    /// <summary>Sets come at any pace, with outages of days; some of any host's are in doubt, few points were verified.</summary>
    private static RetainedPoint[] History(Random random)
    {
        List<RetainedPoint> points = [];
        DateTimeOffset at = _start;
        for (int sequence = 1; sequence <= 150; sequence++)
        {
            at += random.Next(30) == 0 ? TimeSpan.FromHours(random.Next(5, 80)) : TimeSpan.FromMinutes(random.Next(1, 90));
            points.Add(new RetainedPoint(1, sequence, at, ClockSkew: random.Next(3) == 0, Verified: random.Next(20) == 0, Pinned: false));
        }

        return [.. points];
    }
}
