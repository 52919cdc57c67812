using System.Globalization;

namespace RecoveryOperator.Replication.Schedule;

/// <summary>
/// The due times of a protection's cycles: one in each copy frequency, aligned to the clock and shifted by a hash of the protection's id, so that the machines
/// of a host do not all cut at the same second and a restart changes nothing.
/// </summary>
public sealed class CycleSchedule
{
    private readonly long _frequencyTicks;
    private readonly long _shiftTicks;

    /// <param name="frequency">Copy frequency, at least one second.</param>
    /// <param name="protectionId">32 hex digits; already a hash, so its first digits are as good as any.</param>
    public CycleSchedule(TimeSpan frequency, string protectionId)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frequency, TimeSpan.FromSeconds(1));
        ArgumentNullException.ThrowIfNull(protectionId);
        _frequencyTicks = frequency.Ticks;
        ulong hash = ulong.Parse(protectionId.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        _shiftTicks = (long)(hash % (ulong)_frequencyTicks);
    }

    /// <summary>The first due time after <paramref name="instant"/>.</summary>
    public DateTimeOffset NextAfter(DateTimeOffset instant) => new(Start(instant) + _frequencyTicks, TimeSpan.Zero);

    /// <summary>Number of due times after <paramref name="after"/> and up to <paramref name="through"/>.</summary>
    public long CountBetween(DateTimeOffset after, DateTimeOffset through) =>
        through <= after ? 0 : (Start(through) - Start(after)) / _frequencyTicks;

    /// <summary>The last due time at or before the instant.</summary>
    private long Start(DateTimeOffset instant)
    {
        long ticks = instant.UtcTicks - _shiftTicks;
        return ticks - (ticks % _frequencyTicks) + _shiftTicks;
    }
}
