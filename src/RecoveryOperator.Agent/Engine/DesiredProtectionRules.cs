using RecoveryOperator.Agent.Engine.Bandwidth;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.DataPath;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Agent.Engine;

/// <summary>What a desired protection must hold; all that is wrong is said at once.</summary>
internal static class DesiredProtectionRules
{
    private static readonly TimeSpan ShortestFrequency = TimeSpan.FromSeconds(1);

    /// <summary>Checks it.</summary>
    /// <exception cref="FaultException">It cannot be used (reason InvalidRequest).</exception>
    public static void Check(DesiredProtection desired)
    {
        string[] failures = [.. Failures(desired)];
        if (failures.Length > 0)
        {
            throw new FaultException(
                FaultCategory.NonRecoverable,
                FaultReasons.InvalidRequest,
                $"protection {desired.DisplayName}",
                $"The protection cannot be used: {string.Join(" ", failures)}",
                "Correct the fields named.");
        }
    }

    private static IEnumerable<string> Failures(DesiredProtection desired)
    {
        if (!IsProtectionId(desired.ProtectionId))
            yield return "protection_id must be 32 lower-case hexadecimal digits.";
        if (string.IsNullOrWhiteSpace(desired.Machine))
            yield return "machine must be an id or a name.";
        if (desired.Epoch < 1)
            yield return "epoch must be 1 or more.";
        if (desired.CopyFrequency is null || desired.CopyFrequency.ToTimeSpan() < ShortestFrequency)
            yield return $"copy_frequency must be {ShortestFrequency.TotalSeconds} s or more.";
        if (desired.UploadConcurrency is < 0 or > 32)
            yield return "upload_concurrency must be 0 to 32.";
        foreach (string failure in BandwidthMapping.Failures(desired.Bandwidth))
            yield return failure;
        if (desired.Resync?.ThresholdPercent is < 0 or > 100)
            yield return "resync.threshold_percent must be 0 to 100.";
        if (desired.Resync?.Window is { } window && (!IsMinute(window.StartMinute) || !IsMinute(window.EndMinute)))
            yield return "resync.window's minutes must be 0 to 1439.";
        if (!TimeZones.TryFind(desired.TimeZone, out _))
            yield return $"time_zone '{desired.TimeZone}' is not known on this host.";
        if (!Uri.TryCreate(desired.LogContainerUri, UriKind.Absolute, out Uri? uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
            yield return "log_container_uri must be an http or https URI.";
        if (PayloadKeys.FindFault(desired.PayloadKey) is { } fault)
            yield return fault;
    }

    private static bool IsMinute(int minute) => minute is >= 0 and < 24 * 60;

    private static bool IsProtectionId(string text)
    {
        try
        {
            _ = ProtectionId.Parse(text);
            return true;
        }
        catch (FormatException)
        {
            return false; // Told to the caller with everything else that is wrong.
        }
    }
}
