using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Spool;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>Writes records, in order, into segments of bounded length. Adjacent zero runs, also of several chunks, become one record.</summary>
internal sealed class SegmentSequence(ISegmentSpool spool, CaptureRequest request, long diskSizeBytes) : IAsyncDisposable
{
    private readonly List<SpooledSegment> _segments = [];
    private OpenSegment? _open;
    private Extent? _pendingZeros;
    private long _sealedBytes;

    public IReadOnlyList<SpooledSegment> Segments => _segments;

    public long StoredBytes => _sealedBytes + (_open?.Log.LengthBytes ?? 0);

    public long ZeroBytes { get; private set; }

    /// <summary>End of the last run that was appended.</summary>
    public long CoveredThroughBytes { get; private set; }

    public async ValueTask AppendAsync(EncodedRecord record, CancellationToken cancellationToken)
    {
        if (record.IsZero)
            await AppendZerosAsync(record.Range, cancellationToken);
        else
            await AppendDataAsync(record, cancellationToken);
    }

    /// <summary>Seals the last segment.</summary>
    public async ValueTask FinishAsync(CancellationToken cancellationToken)
    {
        await FlushZerosAsync(cancellationToken);
        await SealAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_open is null)
            return;

        await _open.DisposeAsync();
        _open = null;
    }

    private async ValueTask AppendDataAsync(EncodedRecord record, CancellationToken cancellationToken)
    {
        await FlushZerosAsync(cancellationToken);
        _open ??= await OpenAsync(cancellationToken);
        await _open.Log.AppendDataAsync(record.Range, record.Codec, record.Checksums, record.Data, cancellationToken);
        await AdvanceAsync(record.Range, cancellationToken);
    }

    private async ValueTask AppendZerosAsync(Extent range, CancellationToken cancellationToken)
    {
        ZeroBytes += range.LengthBytes;
        if (!request.RecordZeros)
        {
            CoveredThroughBytes = range.EndBytes;
            return;
        }

        if (_pendingZeros is { } pending && pending.EndBytes == range.OffsetBytes)
        {
            _pendingZeros = pending with { LengthBytes = pending.LengthBytes + range.LengthBytes };
            return;
        }

        await FlushZerosAsync(cancellationToken);
        _pendingZeros = range;
    }

    private async ValueTask FlushZerosAsync(CancellationToken cancellationToken)
    {
        if (_pendingZeros is not { } zeros)
            return;

        _pendingZeros = null;
        _open ??= await OpenAsync(cancellationToken);
        await _open.Log.AppendZerosAsync(zeros, cancellationToken);
        await AdvanceAsync(zeros, cancellationToken);
    }

    private async ValueTask AdvanceAsync(Extent range, CancellationToken cancellationToken)
    {
        CoveredThroughBytes = range.EndBytes;
        if (_open!.Log.LengthBytes >= request.SegmentTargetLengthBytes)
            await SealAsync(cancellationToken);
    }

    private ValueTask<OpenSegment> OpenAsync(CancellationToken cancellationToken)
    {
        SegmentIdentity identity = request.First with { Segment = request.First.Segment + _segments.Count };
        return OpenSegment.CreateAsync(spool, new SegmentHeader(identity, diskSizeBytes), cancellationToken);
    }

    private async ValueTask SealAsync(CancellationToken cancellationToken)
    {
        if (_open is null)
            return;

        SpooledSegment segment = await _open.SealAsync(cancellationToken);
        await DisposeAsync();
        _segments.Add(segment);
        _sealedBytes += segment.LengthBytes;
        await spool.CompleteAsync(segment, CoveredThroughBytes, cancellationToken);
    }
}
