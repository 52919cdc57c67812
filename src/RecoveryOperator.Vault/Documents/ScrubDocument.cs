namespace RecoveryOperator.Vault.Documents;

/// <summary><c>scrub.json</c>: where the scrub of a replica is.</summary>
public sealed record ScrubDocument
{
    /// <summary>Format of the document, 1.</summary>
    public int FormatVersion { get; init; } = 1;

    /// <summary>The scrub under way; null when none is. Its point is never pruned.</summary>
    public RunningScrub? Running { get; init; }

    /// <summary>The last scrub that ended; null before the first.</summary>
    public CompletedScrub? Completed { get; init; }
}

/// <summary>A scrub under way.</summary>
/// <param name="Point">The point that is read.</param>
/// <param name="StartedAt">When it began, by the storage's clock.</param>
/// <param name="Disk">Index of the disk that is read.</param>
/// <param name="OffsetBytes">All before this offset on it is compared, and all disks of a lower index.</param>
/// <param name="Disks">What was found so far.</param>
public sealed record RunningScrub(PointSummary Point, DateTimeOffset StartedAt, int Disk, long OffsetBytes, IReadOnlyList<ScrubbedDisk> Disks);

/// <summary>A disk that a scrub read, or a part of it.</summary>
/// <param name="Index">Its index.</param>
/// <param name="Target">Name within the guest.</param>
/// <param name="ReadBytes">Bytes read.</param>
/// <param name="BadBlocks">Bad blocks found.</param>
/// <param name="FirstOffsetBytes">Offset of the first bad block; null when there is none.</param>
/// <param name="Fault">What else is wrong with it; null when nothing is.</param>
public sealed record ScrubbedDisk(int Index, string Target, long ReadBytes, long BadBlocks, long? FirstOffsetBytes, string? Fault = null);

/// <summary>A scrub that ended.</summary>
/// <param name="Point">The point that was read.</param>
/// <param name="At">When it ended, by the storage's clock.</param>
/// <param name="BadBlocks">Blocks that are not what the source read.</param>
public sealed record CompletedScrub(PointSummary Point, DateTimeOffset At, long BadBlocks);
