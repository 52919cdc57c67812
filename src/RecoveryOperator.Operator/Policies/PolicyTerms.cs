using System.Globalization;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Policies;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Policies;

/// <summary>A policy's values, checked: a server that runs no CEL rules lets anything through that fits the patterns.</summary>
/// <param name="CopyFrequency">Time between two points.</param>
/// <param name="RetentionHours">Hours of points.</param>
/// <param name="InitialReplicationStart">Time of day; null: at once.</param>
/// <param name="UploadConcurrency">Segments shipped at once.</param>
internal sealed record PolicyTerms(TimeSpan CopyFrequency, int RetentionHours, TimeOnly? InitialReplicationStart, int UploadConcurrency)
{
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    /// <summary>Reads a policy; the obstacle names the field and what is allowed.</summary>
    public static (PolicyTerms? Terms, Obstacle? Obstacle) Read(ReplicationPolicy policy)
    {
        var spec = policy.Spec;
        var faults = new List<string>();
        if (!GoDuration.TryParse(spec.CopyFrequency, out var frequency) || frequency < TimeSpan.FromSeconds(30) || frequency > Day)
            faults.Add($"copyFrequency '{spec.CopyFrequency}' must be 30s to 24h");
        if (!GoDuration.TryParse(spec.RecoveryPointRetention, out var retention) || retention < TimeSpan.FromHours(1) || retention > TimeSpan.FromHours(8760))
            faults.Add($"recoveryPointRetention '{spec.RecoveryPointRetention}' must be 1h to 8760h");
        if (faults.Count == 0 && frequency > retention)
            faults.Add("copyFrequency must not be longer than recoveryPointRetention");
        TimeOnly start = default;
        if (spec.InitialReplicationStart is { } text && !TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out start))
            faults.Add($"initialReplicationStart '{text}' must be HH:MM");
        if (spec.UploadConcurrency is < 1 or > 32)
            faults.Add($"uploadConcurrency {spec.UploadConcurrency} must be 1 to 32");
        return faults.Count > 0
            ? (null, new("InvalidPolicy", $"ReplicationPolicy {policy.Metadata.NamespaceProperty}/{policy.Metadata.Name}: {string.Join("; ", faults)}. Correct the policy."))
            : (new(frequency, (int)Math.Ceiling(retention.TotalHours), spec.InitialReplicationStart is null ? null : start, spec.UploadConcurrency), null);
    }
}
