using RecoveryOperator.Api.Policies;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Policies;

/// <summary>A policy's values, checked: a server that runs no CEL rules lets anything through that fits the patterns.</summary>
internal sealed record PolicyTerms
{
    /// <summary>Time between two points.</summary>
    public required TimeSpan CopyFrequency { get; init; }

    /// <summary>Hours of points at full density, and the tiers beyond.</summary>
    public required RetentionTerms Retention { get; init; }

    /// <summary>Time of day; null: at once.</summary>
    public TimeOnly? InitialReplicationStart { get; init; }

    /// <summary>Segments shipped at once.</summary>
    public required int UploadConcurrency { get; init; }

    /// <summary>Time between two app-consistent points; null: none.</summary>
    public TimeSpan? AppConsistentInterval { get; init; }

    /// <summary>When source and replica are compared; without a token.</summary>
    public required ResyncTerms Resync { get; init; }

    /// <summary>Bandwidth of a machine; null: no limit.</summary>
    public BandwidthTerms? Bandwidth { get; init; }

    /// <summary>What becomes of a disk that is attached later.</summary>
    public required NewDisks NewDisks { get; init; }

    /// <summary>How change logs are compressed.</summary>
    public required Compression Compression { get; init; }

    /// <summary>Reads a policy; the obstacle names every field that is wrong and what is allowed.</summary>
    public static (PolicyTerms? Terms, Obstacle? Obstacle) Read(ReplicationPolicy policy)
    {
        var reader = new PolicyReader(policy.Spec);
        var terms = reader.Read();
        return reader.Faults.Count > 0
            ? (null, new("InvalidPolicy", $"ReplicationPolicy {policy.Metadata.NamespaceProperty}/{policy.Metadata.Name}: {string.Join("; ", reader.Faults)}. Correct the policy."))
            : (terms, null);
    }
}
