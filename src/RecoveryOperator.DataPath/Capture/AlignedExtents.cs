using System.Runtime.CompilerServices;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>Turns changed extents into whole blocks: widened, clipped to the disk, merged where they touch or overlap.</summary>
internal static class AlignedExtents
{
    /// <param name="extents">Sorted by offset; they may overlap and end beyond the disk's end (trackers round up).</param>
    /// <param name="diskSizeBytes">Size of the disk.</param>
    /// <param name="startAtBytes">What lies below is left out.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <exception cref="InvalidDataException">An extent is empty, does not begin on the disk, or is out of order.</exception>
    public static async IAsyncEnumerable<Extent> MergeAsync(
        IAsyncEnumerable<Extent> extents,
        long diskSizeBytes,
        long startAtBytes,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Extent? pending = null;
        long lastOffsetBytes = 0;
        await foreach (Extent extent in extents.WithCancellation(cancellationToken))
        {
            Check(extent, lastOffsetBytes, diskSizeBytes);
            lastOffsetBytes = extent.OffsetBytes;
            if (Align(extent, diskSizeBytes, startAtBytes) is not { } aligned)
                continue;

            if (pending is { } open && aligned.OffsetBytes <= open.EndBytes)
            {
                pending = open with { LengthBytes = Math.Max(open.EndBytes, aligned.EndBytes) - open.OffsetBytes };
                continue;
            }

            if (pending is { } finished)
                yield return finished;
            pending = aligned;
        }

        if (pending is { } last)
            yield return last;
    }

    private static Extent? Align(Extent extent, long diskSizeBytes, long startAtBytes)
    {
        long start = Math.Max(BlockSize.AlignDown(extent.OffsetBytes), startAtBytes);
        long end = extent.LengthBytes >= diskSizeBytes - extent.OffsetBytes
            ? diskSizeBytes
            : BlockSize.AlignUp(extent.EndBytes, diskSizeBytes);
        return start < end ? new Extent(start, end - start) : null;
    }

    private static void Check(Extent extent, long lastOffsetBytes, long diskSizeBytes)
    {
        if (extent.LengthBytes <= 0 || extent.OffsetBytes < 0 || extent.OffsetBytes >= diskSizeBytes)
            throw new InvalidDataException(
                $"The changed extent {extent} does not lie on the disk of {diskSizeBytes} bytes. The change tracking is not usable: resynchronize the disk.");
        if (extent.OffsetBytes < lastOffsetBytes)
            throw new InvalidDataException(
                $"The changed extent {extent} comes after one at {lastOffsetBytes}: the source of the extents must sort them by offset.");
    }
}
