using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Policies;

/// <summary>What a user says about replication. Durations are Go's: <c>30s</c>, <c>5m</c>, <c>1h30m</c>.</summary>
public sealed record ReplicationPolicySpec
{
    /// <summary>Time between two points, 30 s to 24 h.</summary>
    public string CopyFrequency { get; init; } = "5m";

    /// <summary>How far back points are kept, 1 h to 8760 h; rounded up to whole hours.</summary>
    public string RecoveryPointRetention { get; init; } = "24h";

    /// <summary>Time of day, <c>HH:MM</c> in the site's time zone, at which initial replication starts; absent: at once.</summary>
    public string? InitialReplicationStart { get; init; }

    /// <summary>Segments that a host ships at once per machine, 1 to 32.</summary>
    public int UploadConcurrency { get; init; } = 4;

    /// <summary>Time between two app-consistent points, from the copy frequency up to the retention; absent: crash-consistent points only.</summary>
    public string? AppConsistentInterval { get; init; }

    /// <summary>When source and replica are compared.</summary>
    public ResyncPolicySpec? Resync { get; init; }

    /// <summary>How much of a machine's data may leave its host a second.</summary>
    public BandwidthSpec? Bandwidth { get; init; }

    /// <summary>Points kept beyond the retention, at lower density.</summary>
    public RetentionTiersSpec? RetentionTiers { get; init; }

    /// <summary>What becomes of a disk that is attached later.</summary>
    public NewDiskHandling NewDisks { get; init; } = NewDiskHandling.Protect;

    /// <summary>How change logs are compressed.</summary>
    public LogCompression Compression { get; init; } = LogCompression.Zstd;
}
