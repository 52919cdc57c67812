namespace RecoveryOperator.Api.ProtectedVMs;

/// <summary>The newest set that the host has committed: it stands in the vault, and may not be applied yet.</summary>
public sealed record LastShippedSet
{
    /// <summary>Its instant.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Its epoch.</summary>
    public required long Epoch { get; init; }

    /// <summary>Its sequence.</summary>
    public required long Sequence { get; init; }

    /// <summary>When the agent said so; newer sets may exist. Refreshed at most every 15 minutes.</summary>
    public required DateTimeOffset ObservedTime { get; init; }
}

/// <summary>When a host goes on with a machine.</summary>
public sealed record CycleSchedule
{
    /// <summary>When the next cycle was due when this was observed; others follow at the policy's copy frequency.</summary>
    public DateTimeOffset? NextCycleTime { get; init; }

    /// <summary>When what failed was to be tried again when this was observed; absent when nothing failed.</summary>
    public DateTimeOffset? RetryTime { get; init; }

    /// <summary>When the agent said so. Refreshed at most every 15 minutes, and when something fails or goes well again.</summary>
    public required DateTimeOffset ObservedTime { get; init; }
}

/// <summary>Changes that a host has cut and not yet shipped.</summary>
public sealed record ReplicationBacklog
{
    /// <summary>Number of sets that wait.</summary>
    public required int Sets { get; init; }

    /// <summary>Their bytes, in whole MiB; refreshed when they have changed by a quarter, and every 15 minutes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Bytes that were shipped a second in the last two minutes, at most; absent while not measured.</summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>When they will have been shipped at this pace, if no others come; absent while nothing is shipped or the pace is not known.</summary>
    public DateTimeOffset? EstimatedEndTime { get; init; }

    /// <summary>When the agent said so.</summary>
    public required DateTimeOffset ObservedTime { get; init; }
}

/// <summary>What a replica takes in the vault.</summary>
public sealed record ReplicaStorage
{
    /// <summary>Bytes of allocated pages of its disks.</summary>
    public required long DiskBytes { get; init; }

    /// <summary>Bytes that the snapshots of its recovery points hold besides, at most.</summary>
    public required long SnapshotBytesAtMost { get; init; }

    /// <summary>Bytes of change logs of applied sets that are still there.</summary>
    public required long LogBytes { get; init; }

    /// <summary>When the vault agent measured it.</summary>
    public required DateTimeOffset MeasuredTime { get; init; }
}
