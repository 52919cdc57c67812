using System.Buffers;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Spool;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>Writes records, in order, into segments of bounded length. Adjacent zero runs, also of several chunks, become one record.</summary>
internal sealed class SegmentSequence(ISegmentSpool spool, CaptureRequest request, long diskSizeBytes, ArrayPool<byte> pool) : IAsyncDisposable
{
    private readonly List<SpooledSegment> _segments = [];
    private OpenSegment? _open;
    private Extent? _pendingZeros;
    private long _sealedBytes;

    public IReadOnlyList<SpooledSegment> Segments => _segments;

    public long StoredBytes => _sealedBytes + (_open?.Log.LengthBytes ?? 0);

    public long ZeroBytes { get; private set; }

    /// <summary>Bytes of the disk in records.</summary>
    public long RecordedBytes { get; private set; }

    /// <summary>Nothing of what was appended is missing from finished segments.</summary>
    public bool IsCovered => _open is null && _pendingZeros is null;

    /// <summary>End of the last run that is in a segment, or need not be.</summary>
    public long CoveredThroughBytes { get; private set; }

    public ValueTask AppendAsync(EncodedRecord record, CancellationToken cancellationToken)
    {
        switch (record.Content)
        {
            case BlockContent.Known:
                return default;
            case BlockContent.Zeros:
                return AppendZerosAsync(record.Range, cancellationToken);
            default:
                return AppendDataAsync(record, cancellationToken);
        }
    }

    /// <summary>Seals the segment that is being written.</summary>
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
        RecordedBytes += record.Range.LengthBytes;
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

        RecordedBytes += range.LengthBytes;
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
        return OpenSegment.CreateAsync(spool, new SegmentHeader(identity, diskSizeBytes), request.Key, pool, cancellationToken);
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
