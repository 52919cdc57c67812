using System.Runtime.CompilerServices;
using RecoveryOperator.DataPath;
using RecoveryOperator.Hypervisors.Native;
using RecoveryOperator.Hypervisors.Images.Tracking;

namespace RecoveryOperator.Hypervisors.Images.Snapshots;

/// <summary>One image within a snapshot.</summary>
internal sealed class ImagesSnapshotDisk(HeldImage image) : ISnapshotDisk
{
    private long bytesRead;

    /// <inheritdoc/>
    public int Index => image.Index;

    /// <inheritdoc/>
    public string Target => image.Target;

    /// <inheritdoc/>
    public long SizeBytes => image.Original.SizeBytes;

    /// <inheritdoc/>
    public long BytesRead => Interlocked.Read(ref bytesRead);

    /// <summary>Blocks found by the scan; null when there was none: allocated areas are reported.</summary>
    public BlockSet? Found { get; set; }

    /// <summary>Counts bytes of content read on this disk's behalf.</summary>
    public void CountRead(long lengthBytes) => Interlocked.Add(ref bytesRead, lengthBytes);

    /// <inheritdoc/>
    public async IAsyncEnumerable<Extent> ExtentsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        foreach (var extent in Found?.Extents() ?? Allocated())
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return extent;
        }
    }

    /// <inheritdoc/>
    public async ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes + buffer.Length, SizeBytes, nameof(offsetBytes));
        await ImageReading.ReadWholeAsync(image.Handle, buffer, offsetBytes, cancellationToken);
        CountRead(buffer.Length);
    }

    /// <summary>Allocated ranges, widened to whole blocks.</summary>
    private IEnumerable<Extent> Allocated()
    {
        for (long position = 0; position < SizeBytes;)
        {
            var start = LinuxFile.NextData(image.Handle, position, SizeBytes);
            if (start >= SizeBytes)
            {
                yield break;
            }

            start -= start % BlockSums.BlockBytes;
            var end = EndOfRun(start);
            yield return new Extent(start, end - start);
            position = end;
        }
    }

    private long EndOfRun(long start)
    {
        var end = start;
        while (end < SizeBytes && LinuxFile.NextData(image.Handle, end, SizeBytes) is var data && data < SizeBytes
            && (data == end || data - (data % BlockSums.BlockBytes) <= end))
        {
            var hole = LinuxFile.NextHole(image.Handle, data, SizeBytes);
            end = Math.Min(BlockSums.Count(hole) * BlockSums.BlockBytes, SizeBytes);
        }

        return end;
    }
}
