namespace RecoveryOperator.Replication.Retention;

/// <summary>
/// A tier: up to an age, the newest point of each period stays. Periods are those of UTC, weeks begin on Monday: they never move, a day is whole hours and a week is
/// whole days, so the newest of a week is the newest of its day and of its hour, and what a wider tier wants is there when its time comes.
/// </summary>
/// <param name="PeriodTicks">Length of a period.</param>
/// <param name="Reach">Age up to which the tier holds.</param>
internal sealed record RetentionTier(long PeriodTicks, TimeSpan Reach)
{
    /// <summary>A Monday.</summary>
    private static readonly long _origin = new DateTimeOffset(2001, 1, 1, 0, 0, 0, TimeSpan.Zero).UtcTicks;

    /// <summary>The tiers that are asked for.</summary>
    public static IReadOnlyList<RetentionTier> Of(RetentionTerms terms)
    {
        RetentionTier[] all =
        [
            new(TimeSpan.TicksPerHour, TimeSpan.FromHours(terms.HourlyForHours)),
            new(TimeSpan.TicksPerDay, TimeSpan.FromDays(terms.DailyForDays)),
            new(7 * TimeSpan.TicksPerDay, TimeSpan.FromDays(7L * terms.WeeklyForWeeks)),
        ];
        return [.. all.Where(tier => tier.Reach > TimeSpan.Zero)];
    }

    /// <summary>The period that a time is in.</summary>
    public long PeriodOf(DateTimeOffset time) => (long)Math.Floor((time.UtcTicks - _origin) / (decimal)PeriodTicks);
}
