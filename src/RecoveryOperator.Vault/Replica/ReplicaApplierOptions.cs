using RecoveryOperator.Vault.Encryption;

namespace RecoveryOperator.Vault.Replica;

/// <summary>How replicas are applied.</summary>
public sealed record ReplicaApplierOptions
{
    /// <summary>Duration of leases: 15 to 60 s. What a killed applier leaves is free for others after this.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Least time between two prunings of one replica; zero prunes after each set.</summary>
    public TimeSpan PruneInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Opens the data keys of encrypted sets; none by default.</summary>
    public IKeyEncryptionKeys EncryptionKeys { get; init; } = NoKeyEncryptionKeys.Instance;

    /// <summary>Page writes in flight for each disk, 1 to 16; each holds a buffer of 4 MiB.</summary>
    public int WritesInFlight { get; init; } = 4;

    /// <summary>Bytes a second that are read from page blobs when checksums are computed anew, for each replica.</summary>
    public long ComputeBytesPerSecond { get; init; } = 32 * 1024 * 1024;

    /// <summary>Bytes of disk after which a computation looks whether something else is to be done, and remembers how far it is; whole 2 MiB, so that its part of a table is whole pages.</summary>
    internal int ComputePartBytes { get; init; } = 256 * 1024 * 1024;

    /// <summary>Least time between two looks for a host's request, and for the next epoch of a sealed replica.</summary>
    public TimeSpan RequestInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Page writes carry their blob's lease. Switched off in one test, to show what it guards against.</summary>
    internal bool WritesCarryLease { get; init; } = true;

    /// <summary>How long the logs of applied sets stay, counted from their commit, and what no set names, counted from the end of its epoch; at least an hour.</summary>
    public TimeSpan KeepLogs { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Blobs of ended epochs that are removed before new sets have their turn.</summary>
    internal int SweptBlobsAtOnce { get; init; } = 10_000;

    /// <summary>Least time between two tries to remove logs of a machine that gets no sets, when the last one failed.</summary>
    internal TimeSpan LogUpkeepRest { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Limits that the change of each disk is held against.</summary>
    public ChurnLimits Churn { get; init; } = new();

    /// <summary>Least time between two measurements of the storage used.</summary>
    public TimeSpan MeasureInterval { get; init; } = TimeSpan.FromHours(1);
}
