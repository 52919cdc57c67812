namespace RecoveryOperator.Replication.Schedule;

/// <summary>What clocks on the wall show in a time zone.</summary>
internal static class WallClock
{
    /// <summary>
    /// The first moment at which the clock shows the time or a later one: of a time that comes twice the first, of a time that a change of clocks
    /// skips the first moment after the gap.
    /// </summary>
    public static DateTimeOffset FirstMomentOf(DateTime local, TimeZoneInfo zone)
    {
        DateTime asUtc = DateTime.SpecifyKind(local, DateTimeKind.Utc);
        DateTimeOffset shown = new(asUtc);
        // Offsets lie between -12 and +14 hours: a day to either side is surely before and behind the time, and clocks change at most once in between.
        TimeSpan before = zone.GetUtcOffset(shown.AddDays(-1));
        TimeSpan behind = zone.GetUtcOffset(shown.AddDays(1));
        DateTimeOffset earlier = shown - (before > behind ? before : behind);
        DateTimeOffset later = shown - (before > behind ? behind : before);
        if (Shows(earlier, zone) == shown)
            return earlier;
        return Shows(later, zone) == shown ? later : EndOfGap(earlier, later, shown, zone);
    }

    /// <summary>The date that the clock shows.</summary>
    public static DateTime DateAt(DateTimeOffset instant, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(instant, zone).Date;

    /// <summary>Somewhere between the two the clock jumps over the time.</summary>
    private static DateTimeOffset EndOfGap(DateTimeOffset before, DateTimeOffset behind, DateTimeOffset shown, TimeZoneInfo zone)
    {
        while ((behind - before).Ticks > 1)
        {
            DateTimeOffset middle = before.AddTicks((behind - before).Ticks / 2);
            if (Shows(middle, zone) >= shown)
                behind = middle;
            else
                before = middle;
        }

        return behind;
    }

    private static DateTimeOffset Shows(DateTimeOffset instant, TimeZoneInfo zone) => instant + zone.GetUtcOffset(instant);
}
