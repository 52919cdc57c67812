using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace RecoveryOperator.Api.Common;

/// <summary>Durations as Go writes them (<c>30s</c>, <c>5m</c>, <c>1h30m</c>): the form that Kubernetes users know and CEL's <c>duration()</c> reads.</summary>
public static class GoDuration
{
    private static readonly (string Suffix, decimal Ticks)[] Units =
    [
        ("ns", 0.01m), ("us", 10m), ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond), ("m", TimeSpan.TicksPerMinute), ("h", TimeSpan.TicksPerHour),
    ];

    /// <summary>Reads a positive duration of at most 100 years.</summary>
    /// <param name="text">For example <c>1h30m</c>.</param>
    /// <param name="duration">The duration.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (string.IsNullOrEmpty(text) || text.Length > 64)
            return false;
        var ticks = 0m;
        for (var at = 0; at < text.Length;)
        {
            var numberEnd = EndOf(text, at, c => char.IsAsciiDigit(c) || c == '.');
            var unitEnd = EndOf(text, numberEnd, c => char.IsAsciiLetterLower(c));
            var unit = Array.Find(Units, u => text.AsSpan(numberEnd, unitEnd - numberEnd).SequenceEqual(u.Suffix));
            if (unit.Suffix is null
                || !decimal.TryParse(text.AsSpan(at, numberEnd - at), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                || number > 1_000_000_000_000m)
                return false;
            ticks += number * unit.Ticks;
            at = unitEnd;
        }

        if (ticks <= 0 || ticks > TimeSpan.FromDays(36525).Ticks)
            return false;
        duration = TimeSpan.FromTicks((long)ticks);
        return true;
    }

    /// <summary>Writes whole seconds the way Go does, without parts that are nothing (<c>90s</c> as <c>1m30s</c>).</summary>
    public static string Format(TimeSpan duration)
    {
        var hours = (long)duration.TotalHours;
        var text = (hours > 0 ? $"{hours}h" : "") + (duration.Minutes > 0 ? $"{duration.Minutes}m" : "") + (duration.Seconds > 0 ? $"{duration.Seconds}s" : "");
        return text.Length == 0 ? "0s" : text;
    }

    private static int EndOf(string text, int from, Func<char, bool> belongs)
    {
        while (from < text.Length && belongs(text[from]))
            from++;
        return from;
    }
}
