using System.Collections;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Vault.Replica;

/// <summary>Blocks of one disk: one bit for each 64 KiB, 16 MiB for the largest disk.</summary>
internal sealed class BlockSet(long diskSizeBytes)
{
    private readonly BitArray _bits = new((int)BlockSize.Count(diskSizeBytes));

    public bool Contains(long block) => _bits[(int)block];

    /// <summary>Takes in all blocks that a range touches, as far as they are of the disk.</summary>
    public void Add(Extent range)
    {
        long end = Math.Min(BlockSize.Count(range.EndBytes), _bits.Length);
        for (long block = range.OffsetBytes / BlockSize.Bytes; block < end; block++)
            _bits[(int)block] = true;
    }

    /// <summary>Takes in all blocks from the one on that holds an offset.</summary>
    public void AddFrom(long offsetBytes)
    {
        long start = offsetBytes / BlockSize.Bytes * BlockSize.Bytes;
        long length = ((long)_bits.Length * BlockSize.Bytes) - start;
        if (length > 0)
            Add(new Extent(start, length));
    }
}
