using System.Globalization;

namespace RecoveryOperator.Agent.VaultCommands;

/// <summary>Figures for people.</summary>
internal static class ByteText
{
    private static readonly string[] _units = ["B", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>A number of bytes, for example <c>1.5 GiB</c>.</summary>
    public static string Of(double bytes)
    {
        int unit = 0;
        for (; bytes >= 1024 && unit < _units.Length - 1; unit++)
            bytes /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{(unit == 0 ? bytes : Math.Round(bytes, 1))} {_units[unit]}");
    }

    /// <summary>A time, for example <c>2026-03-01T12:00:00Z</c>.</summary>
    public static string Of(DateTimeOffset? time) => time?.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture) ?? "-";

    /// <summary>A duration, for example <c>1:05:09</c>.</summary>
    public static string Of(TimeSpan time) => time.ToString(time.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);
}
