using System.IO.Hashing;

namespace RecoveryOperator.Hypervisors.Images.Tracking;

/// <summary>Geometry and checksum of the blocks by which changes are found.</summary>
internal static class BlockSums
{
    /// <summary>Bytes of one block.</summary>
    public const int BlockBytes = 64 * 1024;

    /// <summary>Bytes of one checksum.</summary>
    public const int SumBytes = 16;

    /// <summary>Blocks in a disk; the last one may be shorter.</summary>
    public static long Count(long sizeBytes) => (sizeBytes + BlockBytes - 1) / BlockBytes;

    /// <summary>Checksum of one block: XXH128, or sixteen zero bytes when it holds zeros only, so that holes need not be read.</summary>
    public static void Compute(ReadOnlySpan<byte> block, Span<byte> sum)
    {
        if (block.ContainsAnyExcept((byte)0))
        {
            XxHash128.Hash(block, sum);
        }
        else
        {
            sum.Clear();
        }
    }
}
