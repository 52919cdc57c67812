using System.Runtime.CompilerServices;
using RecoveryOperator.DataPath.Checksums;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>
/// What must be read to compare a disk with a copy of it: what the disk has allocated, and what the copy holds as other than zeros. Elsewhere
/// both are known to be zeros.
/// </summary>
public static class ComparedExtents
{
    private const int BlocksPerStep = 4096;

    /// <summary>The union of both, in order. The table is read a piece at a time, only as far as it is asked for.</summary>
    /// <param name="allocated">What the disk has allocated, sorted by offset.</param>
    /// <param name="known">What the copy holds.</param>
    /// <param name="sizeBytes">Size of the disk.</param>
    /// <param name="startAtBytes">A multiple of the block size: what lies below is left out.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    public static async IAsyncEnumerable<Extent> UnionAsync(
        IAsyncEnumerable<Extent> allocated,
        IKnownChecksums known,
        long sizeBytes,
        long startAtBytes,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using IAsyncEnumerator<Extent> left = allocated.GetAsyncEnumerator(cancellationToken);
        await using IAsyncEnumerator<Extent> right = HeldAsync(known, sizeBytes, startAtBytes, cancellationToken).GetAsyncEnumerator(cancellationToken);
        bool hasLeft = await left.MoveNextAsync();
        bool hasRight = await right.MoveNextAsync();
        while (hasLeft || hasRight)
        {
            if (hasLeft && (!hasRight || left.Current.OffsetBytes <= right.Current.OffsetBytes))
            {
                yield return left.Current;
                hasLeft = await left.MoveNextAsync();
            }
            else
            {
                yield return right.Current;
                hasRight = await right.MoveNextAsync();
            }
        }
    }

    private static async IAsyncEnumerable<Extent> HeldAsync(
        IKnownChecksums known, long sizeBytes, long startAtBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        byte[] checksums = new byte[BlocksPerStep * BlockChecksum.LengthBytes];
        for (long start = startAtBytes; start < sizeBytes; start += (long)BlocksPerStep * BlockSize.Bytes)
        {
            int blocks = (int)Math.Min(BlocksPerStep, BlockSize.Count(sizeBytes - start));
            await known.ReadAsync(start, checksums.AsMemory(0, blocks * BlockChecksum.LengthBytes), cancellationToken);
            for (int first = 0, end; first < blocks; first = end)
            {
                bool held = IsHeld(checksums, first);
                end = first + 1;
                while (end < blocks && IsHeld(checksums, end) == held)
                    end++;
                if (!held)
                    continue;

                long offset = start + ((long)first * BlockSize.Bytes);
                yield return new Extent(offset, Math.Min((long)(end - first) * BlockSize.Bytes, sizeBytes - offset));
            }
        }
    }

    private static bool IsHeld(byte[] checksums, int block) =>
        !BlockChecksum.IsZero(checksums.AsSpan(block * BlockChecksum.LengthBytes, BlockChecksum.LengthBytes));
}
