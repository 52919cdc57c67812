using System.Buffers;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Checksums;
using ZstdSharp;
using static RecoveryOperator.DataPath.ChangeLogs.ChangeLogConstants;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>
/// At most 1 MiB of the disk on its way through the pipeline. Owns two pooled buffers of 1 MiB at most: the content, and what of it could be
/// compressed. Where nothing is to be recorded it gives them back at once, so that the next chunk is read into memory that is still in the processor's cache.
/// </summary>
internal sealed class CapturedChunk(ArrayPool<byte> pool, Extent range) : IDisposable
{
    private byte[]? _content = pool.Rent(MaxRecordContentBytes);
    private byte[]? _compressed;
    private readonly byte[] _checksums = new byte[MaxBlocksPerRecord * BlockChecksum.LengthBytes];
    private readonly EncodedRecord[] _records = new EncodedRecord[MaxBlocksPerRecord];
    private readonly BlockContent[] _blocks = new BlockContent[MaxBlocksPerRecord];
    private int _recordCount;
    private int _compressedLengthBytes;

    public Extent Range { get; } = range;

    private int BlockCount => (int)BlockSize.Count(Range.LengthBytes);

    /// <summary>To be filled with what the disk holds in the range; gone once it is encoded and nothing of it is to be recorded.</summary>
    public Memory<byte> Content => _content.AsMemory(0, (int)Range.LengthBytes);

    /// <summary>The runs in order, together covering the range. There once it is judged and encoded, valid until the chunk is disposed.</summary>
    public ReadOnlyMemory<EncodedRecord> Records => _records.AsMemory(0, _recordCount);

    /// <summary>Tells which blocks are zeros, known, or to be recorded, and checksums the latter two.</summary>
    /// <param name="known">Checksums of what a copy holds; empty when there is none. Blocks that it holds already become records of nothing.</param>
    /// <returns>Whether a block is to be recorded with its content. Otherwise the buffers are given back, and the records are there.</returns>
    public bool Judge(ReadOnlySpan<byte> known)
    {
        for (int block = 0; block < BlockCount; block++)
            _blocks[block] = Judge(block, known);
        if (_blocks.AsSpan(0, BlockCount).Contains(BlockContent.Data))
            return true;

        Split(null);
        Dispose();
        return false;
    }

    /// <summary>Compresses what is to be recorded.</summary>
    /// <param name="compressor">Owned by the caller.</param>
    public void Encode(Compressor compressor)
    {
        _compressed ??= pool.Rent(MaxRecordContentBytes);
        Split(compressor);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _content, null) is { } content)
            pool.Return(content);
        if (Interlocked.Exchange(ref _compressed, null) is { } compressed)
            pool.Return(compressed);
    }

    /// <summary>Makes runs of blocks that are alike.</summary>
    private void Split(Compressor? compressor)
    {
        for (int first = 0, end; first < BlockCount; first = end)
        {
            end = first + 1;
            while (end < BlockCount && _blocks[end] == _blocks[first])
                end++;

            int start = first * BlockSize.Bytes;
            Extent run = new(Range.OffsetBytes + start, Math.Min(end * BlockSize.Bytes, Range.LengthBytes) - start);
            _records[_recordCount++] = _blocks[first] == BlockContent.Data
                ? EncodeRun(run, start, compressor!)
                : new EncodedRecord(run, _blocks[first], ChangeLogCodec.Stored, default, default);
        }
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
        ReadOnlySpan<byte> content = _content.AsSpan(start, Math.Min(BlockSize.Bytes, (int)Range.LengthBytes - start));
        ReadOnlySpan<byte> held = known.IsEmpty ? default : known.Slice(block * BlockChecksum.LengthBytes, BlockChecksum.LengthBytes);
        if (BlockChecksum.IsZero(content))
            return !held.IsEmpty && BlockChecksum.IsZero(held) ? BlockContent.Known : BlockContent.Zeros;

        Span<byte> checksum = _checksums.AsSpan(block * BlockChecksum.LengthBytes, BlockChecksum.LengthBytes);
        BlockChecksum.Compute(content, checksum);
        return checksum.SequenceEqual(held) ? BlockContent.Known : BlockContent.Data;
    }
}
