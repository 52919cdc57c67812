using System.Buffers;
using RecoveryOperator.DataPath.Encryption;
using static RecoveryOperator.DataPath.ChangeLogs.ChangeLogConstants;

namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>
/// Reads a segment that is whole in memory, record by record, decompressed and verified down to each block. Holds one pooled
/// buffer of 1 MiB. Not safe for concurrent use.
/// </summary>
public sealed class ChangeLogReader : IDisposable
{
    private readonly ChangeLogFrameReader _frames;
    private readonly FrameDecoder _decoder;
    private readonly ArrayPool<byte> _pool;
    private byte[]? _buffer;

    /// <summary>Opens a segment and verifies its header.</summary>
    /// <param name="segment">The segment, whole.</param>
    /// <param name="expected">Which segment it must be.</param>
    /// <param name="pool">Buffers; the shared pool when null.</param>
    /// <param name="keys">The keys for encrypted segments; none when null.</param>
    /// <exception cref="ChangeLogDamageException">The header is torn, damaged, of another format, or of another segment.</exception>
    /// <exception cref="DataKeyMissingException">The segment is encrypted, and its key is not among <paramref name="keys"/>.</exception>
    public ChangeLogReader(ReadOnlyMemory<byte> segment, SegmentIdentity expected, ArrayPool<byte>? pool = null, IDataKeys? keys = null)
    {
        _pool = pool ?? ArrayPool<byte>.Shared;
        _frames = new ChangeLogFrameReader(segment, expected, keys ?? DataKeyRing.Empty, _pool);
        _decoder = new FrameDecoder(expected);
        _buffer = _pool.Rent(MaxRecordContentBytes);
    }

    /// <summary>The verified header.</summary>
    public SegmentHeader Header => _frames.Header;

    /// <summary>Reads the next record. False means: the end record was reached, and the whole segment is sound.</summary>
    /// <exception cref="ChangeLogDamageException">The segment is torn or damaged here; the records before were right.</exception>
    public bool TryRead(out ChangeLogRecord record)
    {
        ObjectDisposedException.ThrowIf(_buffer is null, this);
        record = default;
        if (!_frames.TryRead(out ChangeLogFrame frame))
            return false;

        record = new ChangeLogRecord(frame.Kind, frame.Range, Content(frame), frame.Checksums);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer is null)
            return;

        _pool.Return(_buffer);
        _buffer = null;
        _decoder.Dispose();
        _frames.Dispose();
    }

    private ReadOnlyMemory<byte> Content(in ChangeLogFrame frame)
    {
        if (frame.Kind == ChangeLogRecordKind.Zero)
            return default;

        Memory<byte> content = _buffer.AsMemory(0, (int)frame.Range.LengthBytes);
        _decoder.Decode(frame, content.Span);
        return content;
    }
}
