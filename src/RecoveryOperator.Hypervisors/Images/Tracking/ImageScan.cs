using Microsoft.Win32.SafeHandles;
using RecoveryOperator.Hypervisors.Native;

namespace RecoveryOperator.Hypervisors.Images.Tracking;

/// <summary>
/// Reads an image once, holes left out: finds the blocks that differ from an older table, or without one those that are not zero, and writes
/// the new table. Memory does not grow with the disk but for one bit per block.
/// </summary>
internal sealed class ImageScan(SafeFileHandle image, long sizeBytes, Action<long> onRead)
{
    private const int BlocksAtOnce = 16;
    private readonly byte[] content = new byte[BlocksAtOnce * BlockSums.BlockBytes];
    private readonly byte[] sums = new byte[BlocksAtOnce * BlockSums.SumBytes];
    private readonly byte[] oldSums = new byte[BlocksAtOnce * BlockSums.SumBytes];
    private long dataStart = -1;
    private long dataEnd = -1;

    /// <summary>Scans; blocking.</summary>
    /// <exception cref="IOException">The image cannot be read in full.</exception>
    public BlockSet Run(ChecksumTable? since, ChecksumTableWriter? target, CancellationToken cancellationToken)
    {
        var changed = new BlockSet(sizeBytes);
        for (long offset = 0; offset < sizeBytes; offset += content.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var lengthBytes = (int)Math.Min(content.Length, sizeBytes - offset);
            var count = (int)BlockSums.Count(lengthBytes);
            var newSums = sums.AsSpan(0, count * BlockSums.SumBytes);
            Sum(offset, lengthBytes, newSums);
            target?.Append(newSums);
            AddDifferences(since, offset / BlockSums.BlockBytes, newSums, changed);
        }

        return changed;
    }

    private void Sum(long offset, int lengthBytes, Span<byte> newSums)
    {
        if (!HasData(offset, lengthBytes))
        {
            newSums.Clear();
            return;
        }

        var part = content.AsSpan(0, lengthBytes);
        ImageReading.ReadWhole(image, part, offset);
        onRead(lengthBytes);
        for (var block = 0; block * BlockSums.BlockBytes < lengthBytes; block++)
        {
            var start = block * BlockSums.BlockBytes;
            BlockSums.Compute(part[start..Math.Min(start + BlockSums.BlockBytes, lengthBytes)], newSums.Slice(block * BlockSums.SumBytes, BlockSums.SumBytes));
        }
    }

    private bool HasData(long offset, int lengthBytes)
    {
        if (offset >= dataEnd)
        {
            dataStart = LinuxFile.NextData(image, offset, sizeBytes);
            dataEnd = dataStart < sizeBytes ? LinuxFile.NextHole(image, dataStart, sizeBytes) : sizeBytes;
        }

        return dataStart < offset + lengthBytes;
    }

    private void AddDifferences(ChecksumTable? since, long firstBlock, ReadOnlySpan<byte> newSums, BlockSet changed)
    {
        var old = oldSums.AsSpan(0, newSums.Length);
        if (since is null)
        {
            old.Clear();
        }
        else
        {
            since.Read(firstBlock, old);
        }

        for (var at = 0; at < newSums.Length; at += BlockSums.SumBytes)
        {
            if (!newSums.Slice(at, BlockSums.SumBytes).SequenceEqual(old.Slice(at, BlockSums.SumBytes)))
            {
                changed.Add(firstBlock + (at / BlockSums.SumBytes));
            }
        }
    }
}
