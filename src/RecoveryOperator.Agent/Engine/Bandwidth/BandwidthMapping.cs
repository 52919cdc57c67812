using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Schedule;
using Slot = RecoveryOperator.Protocol.BandwidthSlot;
using Window = RecoveryOperator.Replication.Schedule.DailyWindow;

namespace RecoveryOperator.Agent.Engine.Bandwidth;

/// <summary>Bandwidth as it is asked for, checked and as a schedule.</summary>
internal static class BandwidthMapping
{
    private const int MinutesPerDay = 24 * 60;

    /// <summary>The schedule of terms that were found right when they were put. A zone that this host has lost since counts as UTC.</summary>
    public static BandwidthSchedule ToSchedule(BandwidthTerms? terms, string timeZone) => terms is null
        ? BandwidthSchedule.Unlimited
        : new BandwidthSchedule(
            terms.DefaultBytesPerSecond,
            [.. terms.Slots.Select(slot => new Replication.Schedule.BandwidthSlot(
                new Window(slot.Window.StartMinute, slot.Window.EndMinute), [.. slot.Weekdays.Select(day => (DayOfWeek)day)], slot.BytesPerSecond))],
            TimeZones.TryFind(timeZone, out TimeZoneInfo? zone) ? zone : TimeZoneInfo.Utc);

    /// <summary>All that is wrong.</summary>
    public static IEnumerable<string> Failures(BandwidthTerms? terms)
    {
        if (terms is null)
            yield break;
        if (terms.DefaultBytesPerSecond < 0)
            yield return "bandwidth.default_bytes_per_second must be 0 or more.";
        for (int index = 0; index < terms.Slots.Count; index++)
        {
            Slot slot = terms.Slots[index];
            if (slot.BytesPerSecond < 0)
                yield return $"bandwidth.slots[{index}].bytes_per_second must be 0 or more.";
            if (slot.Weekdays.Any(day => day is < 0 or > 6))
                yield return $"bandwidth.slots[{index}].weekdays must be 0 (Sunday) to 6.";
            if (slot.Window is not { StartMinute: >= 0 and < MinutesPerDay, EndMinute: >= 0 and < MinutesPerDay })
                yield return $"bandwidth.slots[{index}].window must have minutes of the day, 0 to 1439.";
        }
    }
}
