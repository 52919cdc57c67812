using System.Buffers;
using Microsoft.Extensions.Logging;
using RecoveryOperator.DataPath.Spool;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>
/// Turns the changed extents of a disk at one instant into change log segments in a spool. Reads and encodes in parallel, writes in
/// order. Holds at most <c>4 MiB × ReadsInFlight</c> of pooled buffers, whatever the disk's size.
/// </summary>
/// <param name="logger">Told when a failed capture could not be cleaned up.</param>
/// <param name="pool">Buffers of 1 MiB, and one a little longer for an encrypted capture; the shared pool when null.</param>
public sealed partial class DiskCapture(ILogger<DiskCapture> logger, ArrayPool<byte>? pool = null)
{
    /// <summary>Chunks between first read and writer for each read in flight: one half is read, the other encoded and written.</summary>
    private const int SlotsPerRead = 2;

    private const long MilestoneBytes = 64L * 1024 * 1024;

    /// <summary>Captures the extents of one disk.</summary>
    /// <param name="reader">The disk at its instant.</param>
    /// <param name="extents">
    /// Changed (or allocated) ranges, sorted by offset. They may overlap, repeat, be unaligned, and end beyond the disk: they are widened to
    /// whole blocks, clipped and merged. Without extents nothing is read and no segment is made.
    /// </param>
    /// <param name="request">What is written, and how.</param>
    /// <param name="spool">Takes the segments.</param>
    /// <param name="progress">Told about once for each MiB; null for nobody.</param>
    /// <param name="cancellationToken">Cancels: the spool is left as after an error.</param>
    /// <returns>The segments and the figures. All segments are durable then.</returns>
    /// <exception cref="InvalidDataException">The extents are out of order, or not on the disk.</exception>
    /// <exception cref="IOException">The disk cannot be read, or the spool cannot be written. What the spool had of this capture is removed,
    /// but for finished segments that the request says to keep.</exception>
    public async Task<CapturedDisk> RunAsync(
        IBlockReader reader,
        IAsyncEnumerable<Extent> extents,
        CaptureRequest request,
        ISegmentSpool spool,
        IProgress<CaptureProgress>? progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(extents);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(spool);
        request.Validate(reader.SizeBytes);

        await using SegmentSequence segments = new(spool, request, reader.SizeBytes, pool ?? ArrayPool<byte>.Shared);
        try
        {
            return await CaptureAsync(reader, extents, request, segments, progress, cancellationToken);
        }
        catch when (!request.KeepFinishedSegments)
        {
            await segments.DisposeAsync();
            await DiscardAsync(spool, segments.Segments);
            throw;
        }
    }

    private async Task<CapturedDisk> CaptureAsync(
        IBlockReader reader,
        IAsyncEnumerable<Extent> extents,
        CaptureRequest request,
        SegmentSequence segments,
        IProgress<CaptureProgress>? progress,
        CancellationToken cancellationToken)
    {
        using ChunkReader chunks = new(reader, pool ?? ArrayPool<byte>.Shared, request.ReadsInFlight, request.Known);
        using CapturePipeline pipeline = new(chunks, request.ReadsInFlight * SlotsPerRead);
        long readBytes = 0;
        long milestoneBytes = request.StartAtBytes + MilestoneBytes;
        await pipeline.RunAsync(
            AlignedExtents.MergeAsync(extents, reader.SizeBytes, request.StartAtBytes, cancellationToken),
            async (chunk, token) =>
            {
                for (int index = 0; index < chunk.Records.Length; index++)
                    await segments.AppendAsync(chunk.Records.Span[index], token);
                readBytes += chunk.Range.LengthBytes;
                progress?.Report(new CaptureProgress(readBytes, segments.StoredBytes, segments.RecordedBytes, chunk.Range.EndBytes));
                if (request.Milestone is not { } milestone || chunk.Range.EndBytes < milestoneBytes)
                    return;
                milestoneBytes = chunk.Range.EndBytes + MilestoneBytes;
                if (!await milestone(chunk.Range.EndBytes, segments.IsCovered, token))
                    return;
                await segments.FinishAsync(token);
                await milestone(chunk.Range.EndBytes, isCovered: true, token);
            },
            cancellationToken);
        await segments.FinishAsync(cancellationToken);
        return new CapturedDisk(
            segments.Segments, readBytes, pipeline.ExtentBytes, segments.ZeroBytes, segments.RecordedBytes, segments.StoredBytes, pipeline.EndBytes);
    }

    private async Task DiscardAsync(ISegmentSpool spool, IReadOnlyList<SpooledSegment> segments)
    {
        foreach (SpooledSegment segment in segments)
        {
            try
            {
                await spool.DiscardAsync(segment, CancellationToken.None);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                LogDiscardFailed(logger, fault, segment.Path);
            }
        }
    }
}
