namespace RecoveryOperator.Replication.Schedule;

/// <summary>A limit for certain hours.</summary>
/// <param name="Window">The part of the day.</param>
/// <param name="Weekdays">Days on which it starts; none: every day.</param>
/// <param name="BytesPerSecond">The limit, 0: none.</param>
public sealed record BandwidthSlot(DailyWindow Window, IReadOnlyList<DayOfWeek> Weekdays, long BytesPerSecond);

/// <summary>Which limit holds.</summary>
/// <param name="BytesPerSecond">The limit, 0: none.</param>
/// <param name="HoldsUntil">When to ask again; null: it holds for ever.</param>
public readonly record struct BandwidthState(long BytesPerSecond, DateTimeOffset? HoldsUntil);

/// <summary>Bandwidth by weekday and time of day: the first slot that is open decides, otherwise the default.</summary>
public sealed class BandwidthSchedule
{
    private readonly long _defaultBytesPerSecond;
    private readonly IReadOnlyList<(WindowSchedule Schedule, long BytesPerSecond)> _slots;

    /// <param name="defaultBytesPerSecond">Outside all slots, from 0 (no limit).</param>
    /// <param name="slots">In the order of their precedence.</param>
    /// <param name="zone">Time zone of their times.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is negative.</exception>
    public BandwidthSchedule(long defaultBytesPerSecond, IReadOnlyList<BandwidthSlot> slots, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(slots);
        ArgumentNullException.ThrowIfNull(zone);
        ArgumentOutOfRangeException.ThrowIfNegative(defaultBytesPerSecond);
        foreach (BandwidthSlot slot in slots)
            ArgumentOutOfRangeException.ThrowIfNegative(slot.BytesPerSecond);
        _defaultBytesPerSecond = defaultBytesPerSecond;
        _slots = [.. slots.Select(slot => (new WindowSchedule(slot.Window, zone, slot.Weekdays), slot.BytesPerSecond))];
    }

    /// <summary>No limit, ever.</summary>
    public static BandwidthSchedule Unlimited { get; } = new(0, [], TimeZoneInfo.Utc);

    /// <summary>The limit that holds at a moment. It need not be another one afterwards: neighbouring slots may ask for the same.</summary>
    public BandwidthState At(DateTimeOffset instant)
    {
        DateTimeOffset? until = null;
        foreach ((WindowSchedule schedule, long bytesPerSecond) in _slots)
        {
            WindowState state = schedule.At(instant);
            until = state.ChangesAt is { } change && (until is null || change < until) ? change : until;
            if (state.Open)
                return new(bytesPerSecond, until);
        }

        return new(_defaultBytesPerSecond, until);
    }
}
