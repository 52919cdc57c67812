namespace RecoveryOperator.Api.ProtectedVMs;

/// <summary>Progress of a copy.</summary>
public sealed record CopyProgressStatus
{
    /// <summary>0 to 100.</summary>
    public required int Percent { get; init; }

    /// <summary>Bytes done, all disks; in steps of a percent.</summary>
    public required long BytesDone { get; init; }

    /// <summary>Bytes to do, all disks; 0 while not known.</summary>
    public required long BytesTotal { get; init; }

    /// <summary>Disk being copied, from 1.</summary>
    public required int Disk { get; init; }

    /// <summary>Number of disks.</summary>
    public required int Disks { get; init; }

    /// <summary>Bytes that it moved a second in the last two minutes, at most; absent while not measured, and while the agent is silent.</summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>When it will be complete at this pace; absent while it stands still or the pace is not known.</summary>
    public DateTimeOffset? EstimatedEndTime { get; init; }

    /// <summary>When the agent said so. Refreshed with each percent, and every 15 minutes.</summary>
    public DateTimeOffset? ObservedTime { get; init; }

    /// <summary>Each disk in the order of copying, at most 64; empty where only the whole is known.</summary>
    public IReadOnlyList<DiskCopyProgress> ByDisk { get; init; } = [];
}

/// <summary>Progress of one disk.</summary>
public sealed record DiskCopyProgress
{
    /// <summary>Name within the machine.</summary>
    public required string Name { get; init; }

    /// <summary>0 to 100.</summary>
    public required int Percent { get; init; }

    /// <summary>Bytes done.</summary>
    public required long BytesDone { get; init; }

    /// <summary>Bytes to do.</summary>
    public required long BytesTotal { get; init; }
}
