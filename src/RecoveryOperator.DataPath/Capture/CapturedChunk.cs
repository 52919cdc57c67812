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
    private readonly BlockContent[] _blocks = new BlockContent[MaxBlocksPerRecord];
    private int _recordCount;
    private int _compressedLengthBytes;
    private int _disposed;

    public Extent Range { get; } = range;

    /// <summary>To be filled with what the disk holds in the range.</summary>
    public Memory<byte> Content => _content.AsMemory(0, (int)Range.LengthBytes);

    /// <summary>The runs in order, together covering the range. Valid until the chunk is disposed.</summary>
    public ReadOnlyMemory<EncodedRecord> Records => _records.AsMemory(0, _recordCount);

    /// <summary>Splits the content into runs of zero, other and known blocks, checksums the latter two, and compresses what is to be recorded.</summary>
    /// <param name="compressor">Owned by the caller.</param>
    /// <param name="known">Checksums of what a copy holds; empty when there is none. Blocks that it holds already become records of nothing.</param>
    public void Encode(Compressor compressor, ReadOnlySpan<byte> known)
    {
        int length = Content.Length;
        int count = (int)BlockSize.Count(length);
        for (int block = 0; block < count; block++)
            _blocks[block] = Judge(block, known);

        for (int first = 0, end; first < count; first = end)
        {
            end = first + 1;
            while (end < count && _blocks[end] == _blocks[first])
                end++;

            int start = first * BlockSize.Bytes;
            Extent run = new(Range.OffsetBytes + start, Math.Min(end * BlockSize.Bytes, length) - start);
            _records[_recordCount++] = _blocks[first] == BlockContent.Data
                ? EncodeRun(run, start, compressor)
                : new EncodedRecord(run, _blocks[first], ChangeLogCodec.Stored, default, default);
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
        ReadOnlyMemory<byte> checksums = _checksums.AsMemory(
            start / BlockSize.Bytes * BlockChecksum.LengthBytes, (int)BlockSize.Count(length) * BlockChecksum.LengthBytes);

        // Room for one byte less than the content: what does not fit is not worth compressing and stays as it is.
        Span<byte> room = _compressed.AsSpan(_compressedLengthBytes, length - 1);
        if (!compressor.TryWrap(_content.AsSpan(start, length), room, out int written))
            return new EncodedRecord(run, BlockContent.Data, ChangeLogCodec.Stored, checksums, _content.AsMemory(start, length));

        Memory<byte> data = _compressed.AsMemory(_compressedLengthBytes, written);
        _compressedLengthBytes += written;
        return new EncodedRecord(run, BlockContent.Data, ChangeLogCodec.Zstd, checksums, data);
    }

    private BlockContent Judge(int block, ReadOnlySpan<byte> known)
    {
        int start = block * BlockSize.Bytes;
        ReadOnlySpan<byte> content = _content.AsSpan(start, Math.Min(BlockSize.Bytes, Content.Length - start));
        ReadOnlySpan<byte> held = known.IsEmpty ? default : known.Slice(block * BlockChecksum.LengthBytes, BlockChecksum.LengthBytes);
        if (BlockChecksum.IsZero(content))
            return !held.IsEmpty && BlockChecksum.IsZero(held) ? BlockContent.Known : BlockContent.Zeros;

        Span<byte> checksum = _checksums.AsSpan(block * BlockChecksum.LengthBytes, BlockChecksum.LengthBytes);
        BlockChecksum.Compute(content, checksum);
        return checksum.SequenceEqual(held) ? BlockContent.Known : BlockContent.Data;
    }
}
