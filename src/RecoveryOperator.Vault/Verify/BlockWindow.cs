using System.Collections;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;

namespace RecoveryOperator.Vault.Verify;

/// <summary>A part of a disk with its checksums and the blocks that the storage lists as allocated.</summary>
internal sealed class BlockWindow
{
    /// <summary>Bytes of disk in a window: 1 MiB of checksums.</summary>
    public const long LengthBytes = 4L * 1024 * 1024 * 1024;

    /// <summary>Longest run that is read at once.</summary>
    public const int MaxRunBytes = 4 * 1024 * 1024;

    /// <summary>Shorter holes are read along: a request costs more than they do.</summary>
    private const int MaxHoleBlocks = 3;

    private readonly BitArray _allocated;

    /// <param name="range">Part of the disk, from a block's start on.</param>
    public BlockWindow(Extent range)
    {
        Range = range;
        int blocks = (int)BlockSize.Count(range.LengthBytes);
        _allocated = new BitArray(blocks);
        Checksums = new byte[blocks * BlockChecksum.LengthBytes];
    }

    /// <summary>The part of the disk.</summary>
    public Extent Range { get; }

    /// <summary>Checksums of its blocks.</summary>
    public byte[] Checksums { get; }

    /// <summary>The windows of a disk, from an offset on.</summary>
    public static IEnumerable<Extent> Of(long diskSizeBytes, long fromBytes)
    {
        for (long offset = BlockSize.AlignDown(fromBytes); offset < diskSizeBytes;)
        {
            long end = Math.Min(((offset / LengthBytes) + 1) * LengthBytes, diskSizeBytes);
            yield return new Extent(offset, end - offset);
            offset = end;
        }
    }

    /// <summary>Marks pages as allocated; what lies outside of the window is left out.</summary>
    public void Allocate(long offsetBytes, long lengthBytes)
    {
        long from = Math.Max(offsetBytes, Range.OffsetBytes);
        long to = Math.Min(offsetBytes + lengthBytes, Range.EndBytes);
        for (long at = BlockSize.AlignDown(from); at < to; at += BlockSize.Bytes)
            _allocated[IndexOf(at)] = true;
    }

    /// <summary>Bytes of allocated blocks in a part of the window.</summary>
    public long AllocatedBytes(Extent part)
    {
        long bytes = 0;
        for (long at = part.OffsetBytes; at < part.EndBytes; at += BlockSize.Bytes)
            bytes += _allocated[IndexOf(at)] ? Math.Min(BlockSize.Bytes, part.EndBytes - at) : 0;
        return bytes;
    }

    /// <summary>The checksum of one block.</summary>
    public ReadOnlySpan<byte> ChecksumAt(long offsetBytes) => Checksums.AsSpan(IndexOf(offsetBytes) * BlockChecksum.LengthBytes, BlockChecksum.LengthBytes);

    /// <summary>
    /// What must be read: blocks that are allocated, and those that should be other than zeros by their checksum. The rest reads as zeros by the storage's word, and
    /// should be zeros.
    /// </summary>
    public IEnumerable<Extent> Runs()
    {
        int first = -1;
        int last = -1;
        for (int block = 0; block < _allocated.Count; block++)
        {
            if (!_allocated[block] && BlockChecksum.IsZero(Checksums.AsSpan(block * BlockChecksum.LengthBytes, BlockChecksum.LengthBytes)))
                continue;
            if (first >= 0 && (block - last > MaxHoleBlocks + 1 || (block - first + 1) * BlockSize.Bytes > MaxRunBytes))
            {
                yield return Run(first, last);
                first = -1;
            }

            first = first < 0 ? block : first;
            last = block;
        }

        if (first >= 0)
            yield return Run(first, last);
    }

    private Extent Run(int first, int last)
    {
        long from = Range.OffsetBytes + ((long)first * BlockSize.Bytes);
        long to = Math.Min(Range.OffsetBytes + ((last + 1L) * BlockSize.Bytes), Range.EndBytes);
        return new Extent(from, to - from);
    }

    private int IndexOf(long offsetBytes) => (int)((offsetBytes - Range.OffsetBytes) / BlockSize.Bytes);
}
