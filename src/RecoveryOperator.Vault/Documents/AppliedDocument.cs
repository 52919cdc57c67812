namespace RecoveryOperator.Vault.Documents;

/// <summary><c>applied.json</c>: how far a replica is.</summary>
public sealed record AppliedDocument
{
    /// <summary>Format of the document, 1.</summary>
    public int FormatVersion { get; init; } = 1;

    /// <summary>Epoch of the last applied set; 0 before the first.</summary>
    public long Epoch { get; init; }

    /// <summary>Sequence of the last applied set; 0 before the first of the epoch.</summary>
    public long Sequence { get; init; }

    /// <summary>SHA-256 (hex) of its <c>set.json</c>.</summary>
    public string? SetSha256 { get; init; }

    /// <summary>The epoch's seal was seen: all before it is applied.</summary>
    public bool Sealed { get; init; }

    /// <summary>Epochs that ended.</summary>
    public IReadOnlyList<SealedEpoch> SealedEpochs { get; init; } = [];

    /// <summary>When it was written, by the storage's clock.</summary>
    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>Newest point; null when there is none.</summary>
    public PointSummary? LatestPoint { get; init; }

    /// <summary>Newest app-consistent point.</summary>
    public PointSummary? LatestAppConsistentPoint { get; init; }

    /// <summary>Oldest point kept.</summary>
    public PointSummary? OldestPoint { get; init; }

    /// <summary>Number of points.</summary>
    public int PointCount { get; init; }

    /// <summary>Bytes of change logs applied so far, as stored.</summary>
    public long ShippedBytesTotal { get; init; }

    /// <summary>Bytes written to replica disks so far.</summary>
    public long AppliedBytesTotal { get; init; }

    /// <summary>An encrypted set was applied: from there on a segment in the clear is not the host's.</summary>
    public bool Encrypted { get; init; }

    /// <summary>What ended the chain, if something did.</summary>
    public DamageRecord? Damage { get; init; }

    /// <summary>A rollback that is under way: until it has ended nothing else is done to the replica.</summary>
    public RollbackRecord? Rollback { get; init; }

    /// <summary>Sets that were never applied because one of them was damaged, oldest first.</summary>
    public IReadOnlyList<SkippedSets> Skipped { get; init; } = [];

    /// <summary>The newest point that was read in full and agreed with its checksums.</summary>
    public VerifiedRecord? Verified { get; init; }

    /// <summary>Blocks of the replica that are not what the source read; null when none are known.</summary>
    public ReplicaDamageRecord? ReplicaDamage { get; init; }

    /// <summary>A disk that changed faster than a page blob takes writes, when the last window was measured; null when none did.</summary>
    public ChurnRecord? ExcessiveChurn { get; init; }

    /// <summary>When the following sizes were measured; null: never yet.</summary>
    public DateTimeOffset? StorageMeasuredAt { get; init; }

    /// <summary>Bytes of allocated pages of the replica's disks, snapshots left out.</summary>
    public long? ReplicaAllocatedBytes { get; init; }

    /// <summary>What the snapshots of points hold besides, at most.</summary>
    public long? SnapshotBytesAtMost { get; init; }

    /// <summary>Bytes of change logs of applied sets that are still there.</summary>
    public long? LogBytes { get; init; }

    /// <summary>Bytes of change logs removed so far.</summary>
    public long PrunedLogBytesTotal { get; init; }

    /// <summary>The last set whose segments were removed; null before the first.</summary>
    public SetPosition? LogsPrunedThrough { get; init; }

    /// <summary>When the oldest set was stored that still has its segments, by the storage's clock; null: not known.</summary>
    public DateTimeOffset? OldestLogsAt { get; init; }
}

/// <summary>A point that was read in full.</summary>
/// <param name="At">When that ended.</param>
/// <param name="Point">The point.</param>
public sealed record VerifiedRecord(DateTimeOffset At, PointSummary Point);

/// <summary>How fast a disk changed over a window of sets.</summary>
/// <param name="Disk">Index of the disk that changed fastest.</param>
/// <param name="BytesPerSecond">Bytes written to it, for each second between the sets' instants.</param>
/// <param name="RequestsPerSecond">Write requests that this took, likewise.</param>
/// <param name="From">Instant of the set before the window.</param>
/// <param name="To">Instant of the last set in it.</param>
public sealed record ChurnRecord(int Disk, double BytesPerSecond, double RequestsPerSecond, DateTimeOffset From, DateTimeOffset To);

/// <summary>A set's place.</summary>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Sequence">Its sequence.</param>
public sealed record SetPosition(long Epoch, long Sequence);

/// <summary>An epoch that ended at a seal.</summary>
/// <param name="Epoch">The epoch.</param>
/// <param name="LastSequence">Its last set, 0 when it has none.</param>
/// <param name="RecordedAt">When its seal was recorded here, by the storage's clock; null in documents of earlier versions.</param>
/// <param name="SweptAt">When what no set names of it was last removed; null: never yet.</param>
public sealed record SealedEpoch(long Epoch, long LastSequence, DateTimeOffset? RecordedAt = null, DateTimeOffset? SweptAt = null);

/// <summary>A point in short.</summary>
/// <param name="Epoch">Epoch of its set.</param>
/// <param name="Sequence">Sequence of its set.</param>
/// <param name="Instant">Its instant.</param>
/// <param name="Consistency">How it was taken.</param>
public sealed record PointSummary(long Epoch, long Sequence, DateTimeOffset Instant, Consistency Consistency);

/// <summary>Damage found in a committed set.</summary>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Sequence">Its sequence.</param>
/// <param name="Blob">The damaged blob.</param>
/// <param name="Reason">What is wrong with it.</param>
/// <param name="RolledBack">What was written of it is undone: the replica holds its newest point again.</param>
public sealed record DamageRecord(long Epoch, long Sequence, string Blob, string Reason, bool RolledBack = false);

/// <summary>A rollback of the replica (docs/resync.md, "Rolling back to a point").</summary>
/// <param name="To">The point; null: before the first point, all disks are empty.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="NewEpoch">The epoch that begins from the point; null when a damaged set is undone.</param>
/// <param name="HalfApplied">The set of which a part may have been written; null when there is none.</param>
public sealed record RollbackRecord(PointSummary? To, string Reason, long? NewEpoch, HalfAppliedSet? HalfApplied = null);

/// <summary>A set of which a part may have been written.</summary>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Sequence">Its sequence.</param>
/// <param name="Retried">It was tried more than once: what is damaged now may have been whole, and written, before.</param>
/// <param name="RefusedBlob">What its first try refused, before anything of it was written; null where that is not known.</param>
public sealed record HalfAppliedSet(long Epoch, long Sequence, bool Retried, string? RefusedBlob = null);

/// <summary>Sets of an epoch that were never applied.</summary>
/// <param name="Epoch">The epoch.</param>
/// <param name="FromSequence">The first of them.</param>
/// <param name="ThroughSequence">The last of them.</param>
/// <param name="Reason">What was wrong with the damaged one.</param>
public sealed record SkippedSets(long Epoch, long FromSequence, long ThroughSequence, string Reason);

/// <summary>Damage found in the replica itself.</summary>
/// <param name="FoundAt">When, by the storage's clock.</param>
/// <param name="Point">The point in which it was found.</param>
/// <param name="Disk">Index of the first disk that has some.</param>
/// <param name="OffsetBytes">Offset of its first bad block.</param>
/// <param name="BadBlocks">Blocks of 64 KiB that differ, on all disks.</param>
public sealed record ReplicaDamageRecord(DateTimeOffset FoundAt, PointSummary Point, int Disk, long OffsetBytes, long BadBlocks);
