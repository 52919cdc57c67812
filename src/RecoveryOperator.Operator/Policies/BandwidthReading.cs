using RecoveryOperator.Api.Common;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Policies;

/// <summary>Bandwidth as agents take it, out of a spec that may hold anything that fits the patterns.</summary>
internal static class BandwidthReading
{
    private const int MinutesPerHour = 60;

    /// <summary>Reads it.</summary>
    /// <param name="spec">The spec; null: no limit.</param>
    /// <param name="faults">Takes what is wrong, each with its field.</param>
    /// <returns>Null when there is no limit.</returns>
    public static BandwidthTerms? Read(BandwidthSpec? spec, List<string> faults)
    {
        if (spec is null)
            return null;
        var terms = new BandwidthTerms { DefaultBytesPerSecond = Limit("bandwidth.limitPerSecond", spec.LimitPerSecond ?? "0", faults) };
        for (var index = 0; index < spec.Schedule.Count; index++)
        {
            var slot = spec.Schedule[index];
            var field = $"bandwidth.schedule[{index}]";
            var read = new BandwidthSlot
            {
                BytesPerSecond = Limit($"{field}.limitPerSecond", slot.LimitPerSecond, faults),
                Window = Window($"{field}.from", slot.From, $"{field}.to", slot.To, faults),
            };
            read.Weekdays.AddRange(slot.Days.Distinct().Order().Select(day => (int)day));
            terms.Slots.Add(read);
        }

        return terms;
    }

    /// <summary>Reads a part of the day.</summary>
    public static DailyWindow Window(string startField, string start, string endField, string end, List<string> faults) =>
        new() { StartMinute = Minute(startField, start, faults), EndMinute = Minute(endField, end, faults) };

    private static int Minute(string field, string text, List<string> faults)
    {
        if (TimeOfDay.TryParse(text, out var time))
            return (time.Hour * MinutesPerHour) + time.Minute;
        faults.Add($"{field} '{text}' must be HH:MM");
        return 0;
    }

    private static long Limit(string field, string text, List<string> faults)
    {
        if (ByteQuantity.TryParse(text, out var bytesPerSecond))
            return bytesPerSecond;
        faults.Add($"{field} '{text}' must be bytes a second, such as 10Mi, or 0 for no limit");
        return 0;
    }
}
