namespace RecoveryOperator.Replication.Protection;

/// <summary>When a policy's time of day first comes.</summary>
public static class StartTime
{
    /// <summary>The first time at or after <paramref name="from"/> at which a clock in the zone shows the time of day.</summary>
    /// <param name="from">When the protection was asked for.</param>
    /// <param name="timeOfDay">The policy's time.</param>
    /// <param name="zone">The site's time zone. A time that a change of clocks skips comes when the clock has moved on.</param>
    public static DateTimeOffset FirstAfter(DateTimeOffset from, TimeOnly timeOfDay, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        var local = TimeZoneInfo.ConvertTime(from, zone).DateTime;
        var wanted = local.Date + timeOfDay.ToTimeSpan();
        for (var day = wanted < local ? wanted.AddDays(1) : wanted; ; day = day.AddDays(1))
        {
            var shown = zone.IsInvalidTime(day) ? day.AddHours(1) : day;
            var at = new DateTimeOffset(shown, zone.GetUtcOffset(shown));
            if (at >= from)
                return at.ToUniversalTime();
        }
    }
}
