using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Verify;

/// <summary>What came of verifying a point.</summary>
/// <param name="Point">The point.</param>
/// <param name="Disks">Its disks, by index.</param>
public sealed record PointVerification(RecoveryPointDocument Point, IReadOnlyList<DiskVerification> Disks)
{
    /// <summary>All of it agrees with what the source read.</summary>
    public bool IsWhole => Disks.All(disk => disk.IsWhole);

    /// <summary>Blocks of 64 KiB that do not agree.</summary>
    public long BadBlocks => Disks.Sum(disk => disk.BadBlocks);
}

/// <summary>What came of verifying a disk of a point.</summary>
/// <param name="Index">Index of the disk.</param>
/// <param name="Target">Name within the guest.</param>
/// <param name="ReadBytes">Bytes read from the storage.</param>
/// <param name="BadBlocks">Blocks of 64 KiB that do not agree with their checksum.</param>
/// <param name="BadRanges">Where they are, in order; no more than <see cref="MaxBadRanges"/> of them.</param>
/// <param name="Fault">What else is wrong with the disk (its footer, its end); null when nothing is.</param>
public sealed record DiskVerification(int Index, string Target, long ReadBytes, long BadBlocks, IReadOnlyList<Extent> BadRanges, string? Fault)
{
    /// <summary>Ranges that are remembered of one disk.</summary>
    public const int MaxBadRanges = 1000;

    /// <summary>Nothing is wrong.</summary>
    public bool IsWhole => BadBlocks == 0 && Fault is null;
}

/// <summary>How far a verification is.</summary>
/// <param name="Disk">Index of the disk that is read.</param>
/// <param name="DoneBytes">Bytes compared so far, of allocated pages of all disks.</param>
/// <param name="TotalBytes">Bytes of allocated pages of all disks.</param>
/// <param name="BadBlocks">Blocks that do not agree so far.</param>
public sealed record VerifyProgress(int Disk, long DoneBytes, long TotalBytes, long BadBlocks);

/// <summary>A place up to which disks of a point are compared: all disks of a lower index, and this one up to the offset.</summary>
/// <param name="Disk">Index of the disk.</param>
/// <param name="OffsetBytes">Offset on it.</param>
public sealed record VerifyPosition(int Disk, long OffsetBytes);
