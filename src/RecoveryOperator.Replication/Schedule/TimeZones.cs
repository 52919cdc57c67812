using System.Diagnostics.CodeAnalysis;

namespace RecoveryOperator.Replication.Schedule;

/// <summary>Finds time zones by their IANA names.</summary>
public static class TimeZones
{
    /// <summary>The zone; an empty or missing name is UTC.</summary>
    /// <param name="ianaName">For instance Europe/Zurich.</param>
    /// <param name="zone">The zone, when it is known here.</param>
    public static bool TryFind(string? ianaName, [NotNullWhen(true)] out TimeZoneInfo? zone)
    {
        if (string.IsNullOrEmpty(ianaName))
        {
            zone = TimeZoneInfo.Utc;
            return true;
        }

        return TimeZoneInfo.TryFindSystemTimeZoneById(ianaName, out zone);
    }
}
