namespace RecoveryOperator.Vault.Documents;

/// <summary><c>points/&lt;epoch&gt;-&lt;sequence&gt;.json</c>: a recovery point.</summary>
public sealed record RecoveryPointDocument
{
    /// <summary>Format of the document, 1.</summary>
    public int FormatVersion { get; init; } = 1;

    /// <summary>Epoch of its set.</summary>
    public required long Epoch { get; init; }

    /// <summary>Sequence of its set.</summary>
    public required long Sequence { get; init; }

    /// <summary>Its instant.</summary>
    public required DateTimeOffset Instant { get; init; }

    /// <summary>How it was taken.</summary>
    public required Consistency Consistency { get; init; }

    /// <summary>Why it is not app-consistent although that was wanted, <c>Reason: message</c>; null otherwise.</summary>
    public string? ConsistencyReason { get; init; }

    /// <summary>SHA-256 (hex) of its <c>set.json</c>.</summary>
    public required string SetSha256 { get; init; }

    /// <summary>When it was made, by the storage's clock.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Its instant and its set's storage time disagree.</summary>
    public bool ClockSkew { get; init; }

    /// <summary>When all of it was last read and compared; null: never.</summary>
    public DateTimeOffset? VerifiedAt { get; init; }

    /// <summary>What did not agree when it was read; null: nothing, or it was never read.</summary>
    public PointDamageRecord? Damage { get; init; }

    /// <summary>Bytes written to the replica's disks up to this point; null in points of earlier versions.</summary>
    public long? AppliedBytesTotal { get; init; }

    /// <summary>The machine at the instant.</summary>
    public required MachineRecord Machine { get; init; }

    /// <summary>Its disks.</summary>
    public required IReadOnlyList<PointDisk> Disks { get; init; }
}

/// <summary>A disk of a point.</summary>
/// <param name="Index">Index from 0.</param>
/// <param name="Target">Name within the guest.</param>
/// <param name="SizeBytes">Disk size in bytes, without the footer.</param>
/// <param name="Blob">Page blob in the replica container.</param>
/// <param name="Snapshot">Its snapshot.</param>
/// <param name="SumsSnapshot">Snapshot of its checksum table in the log container.</param>
public sealed record PointDisk(int Index, string Target, long SizeBytes, string Blob, string Snapshot, string SumsSnapshot);

/// <summary>Blocks of a point that are not what the source read.</summary>
/// <param name="FoundAt">When they were found.</param>
/// <param name="Disk">The first disk with bad blocks.</param>
/// <param name="OffsetBytes">Offset of the first bad block on it.</param>
/// <param name="BadBlocks">Number of bad blocks on all disks.</param>
public sealed record PointDamageRecord(DateTimeOffset FoundAt, int Disk, long OffsetBytes, long BadBlocks);
