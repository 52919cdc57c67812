using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace RecoveryOperator.Api.Common;

/// <summary>Times of day, <c>HH:MM</c>.</summary>
public static class TimeOfDay
{
    /// <summary>Reads one.</summary>
    /// <param name="text">For example <c>18:30</c>.</param>
    /// <param name="time">The time.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out TimeOnly time) =>
        TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out time);
}
