using RecoveryOperator.Replication.Retention;

namespace RecoveryOperator.Replication.Tests.Retention;

/// <summary>What tiers promise, for any history of points.</summary>
public class RetentionTierTests
{
    private static readonly DateTimeOffset _start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly RetentionTerms _terms = new(FullDensityHours: 4, HourlyForHours: 48, DailyForDays: 14, WeeklyForWeeks: 6);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 10)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Whatever_goes_leaves_a_newer_point_of_its_hour_day_or_week_within_its_tiers_reach(int seed)
    {
        RetainedPoint[] points = History(new Random(seed));
        DateTimeOffset newest = points[^1].StoredAt;
        HashSet<RetainedPoint> removed = [.. RetentionPlanner.Plan(points, _terms)];
        foreach (RetainedPoint gone in removed)
        {
            TimeSpan age = newest - gone.StoredAt;
            Assert.True(age > TimeSpan.FromHours(4), $"{gone} is of the time at full density (seed {seed})");
            TimeSpan period = age <= TimeSpan.FromHours(48) ? TimeSpan.FromHours(1) : age <= TimeSpan.FromDays(14) ? TimeSpan.FromDays(1) : TimeSpan.FromDays(7);
            if (age > TimeSpan.FromDays(42))
                continue;
            bool isRepresented = points.Any(kept => !removed.Contains(kept) && kept.StoredAt >= gone.StoredAt && kept.StoredAt - gone.StoredAt < period);
            Assert.True(isRepresented, $"Nothing within {period} stands for {gone} (seed {seed})");
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Pruning_after_each_new_point_ends_with_the_same_points_as_pruning_once_at_the_end(int seed)
    {
        RetainedPoint[] history = History(new Random(seed));
        List<RetainedPoint> stepwise = [];
        foreach (RetainedPoint next in history)
        {
            stepwise.Add(next);
            HashSet<RetainedPoint> removed = [.. RetentionPlanner.Plan(stepwise, _terms)];
            stepwise.RemoveAll(removed.Contains);
        }

        Assert.Equal(history.Except(RetentionPlanner.Plan(history, _terms)), stepwise);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Pruning_what_was_just_pruned_removes_nothing(int seed)
    {
        RetainedPoint[] history = History(new Random(seed));
        RetainedPoint[] left = [.. history.Except(RetentionPlanner.Plan(history, _terms))];
        Assert.Empty(RetentionPlanner.Plan(left, _terms));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void What_represents_a_period_that_is_over_stays_until_its_tier_ends(int seed)
    {
        RetainedPoint[] history = History(new Random(seed));
        foreach (IGrouping<DateTime, RetainedPoint> day in history.GroupBy(point => point.StoredAt.UtcDateTime.Date))
        {
            RetainedPoint newestOfDay = day.Last();
            for (int later = Array.IndexOf(history, newestOfDay); later < history.Length; later += 7)
            {
                if (history[later].StoredAt - newestOfDay.StoredAt <= TimeSpan.FromDays(14))
                    Assert.DoesNotContain(newestOfDay, RetentionPlanner.Plan(history[..(later + 1)], _terms));
            }
        }
    }

    [Fact]
    public void A_day_without_sets_costs_no_point()
    {
        RetainedPoint[] before = [.. Enumerable.Range(0, 48).Select(half => Point(half, _start.AddMinutes(30 * half)))];
        RetainedPoint[] keptBefore = [.. before.Except(RetentionPlanner.Plan(before, _terms))];
        Assert.Empty(RetentionPlanner.Plan(keptBefore, _terms)); // However late it is: nothing counts from now.

        RetainedPoint[] after = [.. keptBefore, Point(100, _start.AddDays(2))];
        RetainedPoint[] removed = [.. RetentionPlanner.Plan(after, _terms)];
        Assert.Equal(24, after.Except(removed).Count(point => point.StoredAt < _start.AddDays(1)));
    }

    [Fact]
    public void Weeks_begin_on_monday_and_days_at_midnight_of_utc()
    {
        DateTimeOffset monday = new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero);
        RetainedPoint sunday = Point(1, monday.AddMinutes(-1));
        RetainedPoint first = Point(2, monday);
        RetainedPoint newest = Point(3, monday.AddDays(30));
        Assert.Empty(RetentionPlanner.Plan([sunday, first, newest], new RetentionTerms(1, WeeklyForWeeks: 6)));
        Assert.Empty(RetentionPlanner.Plan([sunday, first, newest], new RetentionTerms(1, DailyForDays: 40)));
        RetainedPoint saturday = Point(0, monday.AddDays(-1).AddMinutes(-1));
        Assert.Equal([saturday], RetentionPlanner.Plan([saturday, sunday, first, newest], new RetentionTerms(1, WeeklyForWeeks: 6)));
    }

    /// <summary>Two months of points at irregular times, with outages of hours and days.</summary>
    private static RetainedPoint[] History(Random random)
    {
        List<RetainedPoint> points = [];
        DateTimeOffset at = _start.AddMinutes(random.Next(1440));
        while (at < _start.AddDays(60))
        {
            points.Add(Point(points.Count + 1, at));
            at += random.Next(100) switch
            {
                0 => TimeSpan.FromHours(random.Next(1, 60)),
                < 10 => TimeSpan.FromMinutes(random.Next(60, 600)),
                _ => TimeSpan.FromMinutes(random.Next(10, 120)),
            };
        }

        return [.. points];
    }

    private static RetainedPoint Point(long sequence, DateTimeOffset storedAt) => new(1, sequence, storedAt, ClockSkew: false, Verified: false, Pinned: false);
}
