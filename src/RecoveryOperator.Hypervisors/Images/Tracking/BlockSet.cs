using System.Numerics;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Hypervisors.Images.Tracking;

/// <summary>A set of blocks of a disk: one bit each, 16 MiB for a disk of 8 TiB.</summary>
internal sealed class BlockSet(long sizeBytes)
{
    private readonly long blockCount = BlockSums.Count(sizeBytes);
    private readonly ulong[] words = new ulong[(BlockSums.Count(sizeBytes) + 63) / 64];

    /// <summary>All blocks of a disk.</summary>
    public static BlockSet All(long sizeBytes)
    {
        var all = new BlockSet(sizeBytes);
        Array.Fill(all.words, ulong.MaxValue);
        return all;
    }

    /// <summary>Adds a block.</summary>
    public void Add(long block) => words[block / 64] |= 1UL << (int)(block % 64);

    /// <summary>The blocks as ranges, in order, neighbours joined, the last one cut at the disk's end.</summary>
    public IEnumerable<Extent> Extents()
    {
        for (var start = Next(0, present: true); start < blockCount;)
        {
            var end = Next(start, present: false);
            var offset = start * BlockSums.BlockBytes;
            yield return new Extent(offset, Math.Min(end * BlockSums.BlockBytes, sizeBytes) - offset);
            start = Next(end, present: true);
        }
    }

    private long Next(long block, bool present)
    {
        while (block < blockCount)
        {
            var word = present ? words[block / 64] : ~words[block / 64];
            var rest = word >> (int)(block % 64);
            if (rest != 0)
            {
                return Math.Min(block + BitOperations.TrailingZeroCount(rest), blockCount);
            }

            block = ((block / 64) + 1) * 64;
        }

        return blockCount;
    }
}
