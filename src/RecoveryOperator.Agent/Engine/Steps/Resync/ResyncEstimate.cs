using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Agent.Engine.Steps.Resync;

/// <summary>How much a comparison will ship, from a sample of each disk's blocks (docs/resync.md, R4).</summary>
internal static class ResyncEstimate
{
    /// <summary>Blocks read of a disk: 1% of difference is found with a chance of 92%, and read within a second.</summary>
    private const int SampleBlocks = 256;

    /// <summary>Reads and compares a sample.</summary>
    /// <returns>Bytes that are expected to differ.</returns>
    public static async Task<long> OfDiskAsync(ISnapshotDisk disk, IKnownChecksums known, CancellationToken cancellationToken)
    {
        (long[] sample, long blocks) = await ChooseAsync(disk, known, cancellationToken);
        byte[] buffer = new byte[BlockSize.Bytes];
        byte[] held = new byte[BlockChecksum.LengthBytes];
        int different = 0;
        foreach (long block in sample.Order())
        {
            long offset = block * BlockSize.Bytes;
            Memory<byte> content = buffer.AsMemory(0, (int)Math.Min(BlockSize.Bytes, disk.SizeBytes - offset));
            await disk.ReadAsync(offset, content, cancellationToken);
            await known.ReadAsync(offset, held, cancellationToken);
            if (!IsSame(content.Span, held))
                different++;
        }

        return sample.Length == 0 ? 0 : (long)((double)different / sample.Length * blocks * BlockSize.Bytes);
    }

    private static bool IsSame(ReadOnlySpan<byte> content, ReadOnlySpan<byte> held)
    {
        if (BlockChecksum.IsZero(content))
            return BlockChecksum.IsZero(held);

        Span<byte> checksum = stackalloc byte[BlockChecksum.LengthBytes];
        BlockChecksum.Compute(content, checksum);
        return checksum.SequenceEqual(held);
    }

    /// <summary>Each block that has to be read is in the sample with the same chance.</summary>
    private static async Task<(long[] Sample, long Blocks)> ChooseAsync(ISnapshotDisk disk, IKnownChecksums known, CancellationToken cancellationToken)
    {
        Random random = new(disk.Index);
        List<long> sample = [];
        long blocks = 0;
        long next = 0;
        await foreach (Extent extent in ComparedExtents.UnionAsync(disk.ExtentsAsync(cancellationToken), known, disk.SizeBytes, 0, cancellationToken))
        {
            long end = BlockSize.Count(Math.Min(extent.EndBytes, disk.SizeBytes));
            for (next = Math.Max(next, extent.OffsetBytes / BlockSize.Bytes); next < end; next++)
            {
                blocks++;
                if (sample.Count < SampleBlocks)
                    sample.Add(next);
                else if (random.NextInt64(blocks) is var place and < SampleBlocks)
                    sample[(int)place] = next;
            }
        }

        return ([.. sample], blocks);
    }
}
