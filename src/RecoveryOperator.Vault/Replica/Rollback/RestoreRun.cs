using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;

namespace RecoveryOperator.Vault.Replica.Rollback;

/// <summary>Adjacent blocks to restore: all zeros (any number), or all content (at most 4 MiB).</summary>
/// <param name="Range">Where on the disk, its end not behind the disk's.</param>
/// <param name="FirstBlock">Index of the first block within the chunk.</param>
/// <param name="IsZero">The point's table says zeros.</param>
internal readonly record struct RestoreRun(Extent Range, int FirstBlock, bool IsZero)
{
    private const int MaxBlocks = PageWriter.MaxWriteBytes / BlockSize.Bytes;

    /// <summary>The runs of one chunk.</summary>
    /// <param name="chunkOffsetBytes">Where the chunk begins on the disk.</param>
    /// <param name="diskSizeBytes">Where the disk ends.</param>
    /// <param name="wanted">The point's checksums of the chunk.</param>
    /// <param name="isRestored">Whether a block, by its index within the chunk, is restored.</param>
    public static List<RestoreRun> Find(long chunkOffsetBytes, long diskSizeBytes, ReadOnlySpan<byte> wanted, Predicate<int> isRestored)
    {
        List<RestoreRun> runs = [];
        int count = (int)Math.Min(wanted.Length / BlockChecksum.LengthBytes, BlockSize.Count(diskSizeBytes - chunkOffsetBytes));
        for (int block = 0; block < count;)
        {
            int first = block;
            bool isZero = IsZeroAt(wanted, first);
            while (block < count && isRestored(block) && IsZeroAt(wanted, block) == isZero && (isZero || block - first < MaxBlocks))
                block++;

            if (block == first)
                block++;
            else
                runs.Add(Of(chunkOffsetBytes, diskSizeBytes, first, block, isZero));
        }

        return runs;
    }

    private static RestoreRun Of(long chunkOffsetBytes, long diskSizeBytes, int first, int end, bool isZero)
    {
        long start = chunkOffsetBytes + ((long)first * BlockSize.Bytes);
        long length = Math.Min((long)(end - first) * BlockSize.Bytes, diskSizeBytes - start);
        return new RestoreRun(new Extent(start, length), first, isZero);
    }

    private static bool IsZeroAt(ReadOnlySpan<byte> sums, int block) =>
        BlockChecksum.IsZero(sums.Slice(block * BlockChecksum.LengthBytes, BlockChecksum.LengthBytes));
}
