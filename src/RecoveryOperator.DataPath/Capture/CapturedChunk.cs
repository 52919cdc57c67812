using System.Buffers;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Checksums;
using ZstdSharp;
using static RecoveryOperator.DataPath.ChangeLogs.ChangeLogConstants;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>
/// At most 1 MiB of the disk on its way through the pipeline. Owns two pooled buffers of 1 MiB: the content, and what of it could be
/// compressed.
/// </summary>
internal sealed class CapturedChunk(ArrayPool<byte> pool, Extent range) : IDisposable
{
    private readonly byte[] _content = pool.Rent(MaxRecordContentBytes);
    private readonly byte[] _compressed = pool.Rent(MaxRecordContentBytes);
    private readonly byte[] _checksums = new byte[MaxBlocksPerRecord * BlockChecksum.LengthBytes];
    private readonly EncodedRecord[] _records = new EncodedRecord[MaxBlocksPerRecord];
    private int _recordCount;
    private int _compressedLengthBytes;
    private int _disposed;

    public Extent Range { get; } = range;

    /// <summary>To be filled with what the disk holds in the range.</summary>
    public Memory<byte> Content => _content.AsMemory(0, (int)Range.LengthBytes);

    /// <summary>The runs in order, together covering the range. Valid until the chunk is disposed.</summary>
    public ReadOnlyMemory<EncodedRecord> Records => _records.AsMemory(0, _recordCount);

    /// <summary>Splits the content into runs of zero and other blocks, and checksums and compresses the latter.</summary>
    public void Encode(Compressor compressor)
    {
        int length = Content.Length;
        for (int start = 0, end; start < length; start = end)
        {
            bool isZero = IsZeroBlock(start);
            end = start;
            do
                end = Math.Min(end + BlockSize.Bytes, length);
            while (end < length && IsZeroBlock(end) == isZero);

            Extent run = new(Range.OffsetBytes + start, end - start);
            _records[_recordCount++] = isZero
                ? new EncodedRecord(run, ChangeLogCodec.Stored, default, default)
                : EncodeRun(run, start, compressor);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        pool.Return(_content);
        pool.Return(_compressed);
    }

    private EncodedRecord EncodeRun(Extent run, int start, Compressor compressor)
    {
        int length = (int)run.LengthBytes;
        Memory<byte> checksums = _checksums.AsMemory(start / BlockSize.Bytes * BlockChecksum.LengthBytes);
        checksums = checksums[..BlockChecksum.ComputeAll(_content.AsSpan(start, length), checksums.Span)];

        // Room for one byte less than the content: what does not fit is not worth compressing and stays as it is.
        Span<byte> room = _compressed.AsSpan(_compressedLengthBytes, length - 1);
        if (!compressor.TryWrap(_content.AsSpan(start, length), room, out int written))
            return new EncodedRecord(run, ChangeLogCodec.Stored, checksums, _content.AsMemory(start, length));

        Memory<byte> data = _compressed.AsMemory(_compressedLengthBytes, written);
        _compressedLengthBytes += written;
        return new EncodedRecord(run, ChangeLogCodec.Zstd, checksums, data);
    }

    private bool IsZeroBlock(int start) =>
        BlockChecksum.IsZero(_content.AsSpan(start, Math.Min(BlockSize.Bytes, Content.Length - start)));
}
