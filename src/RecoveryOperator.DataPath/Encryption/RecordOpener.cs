using System.Buffers;
using RecoveryOperator.DataPath.ChangeLogs;
using static RecoveryOperator.DataPath.ChangeLogs.ChangeLogConstants;

namespace RecoveryOperator.DataPath.Encryption;

/// <summary>Decrypts the records of one segment while it is read. Holds one pooled buffer for a record's payload.</summary>
internal sealed class RecordOpener : IDisposable
{
    private readonly SegmentCipher _cipher;
    private readonly ArrayPool<byte> _pool;
    private byte[]? _buffer;

    private RecordOpener(DataKey key, ReadOnlySpan<byte> header, ArrayPool<byte> pool)
    {
        _cipher = new SegmentCipher(key, header);
        _pool = pool;
        _buffer = pool.Rent(MaxPayloadLengthBytes);
    }

    /// <summary>The opener of a segment; null when the segment is not encrypted.</summary>
    /// <exception cref="DataKeyMissingException">It is encrypted under a key that is not among <paramref name="keys"/>.</exception>
    public static RecordOpener? For(SegmentHeader header, ReadOnlySpan<byte> segment, IDataKeys keys, ArrayPool<byte> pool)
    {
        if (header.Encryption is not { } encryption)
            return null;

        DataKey key = keys.Find(encryption.Key) ?? throw new DataKeyMissingException(header.Identity, encryption.Key);
        return new RecordOpener(key, segment[..HeaderLengthBytes], pool);
    }

    /// <summary>Decrypts a payload; false when the tag does not agree.</summary>
    /// <param name="index">Index of the record.</param>
    /// <param name="head">Its head.</param>
    /// <param name="payload">Its payload as stored, with the tag.</param>
    /// <param name="plaintext">What it holds, valid until the next call.</param>
    public bool TryOpen(long index, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, out ReadOnlyMemory<byte> plaintext)
    {
        int length = payload.Length - TagLengthBytes;
        Memory<byte> room = (_buffer ?? throw new ObjectDisposedException(nameof(RecordOpener))).AsMemory(0, length);
        plaintext = room;
        return _cipher.TryOpen(index, head, [], payload[..length], payload[length..], room.Span);
    }

    /// <summary>Whether an end record's tag agrees.</summary>
    public bool IsEndSound(long index, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload) =>
        _cipher.TryOpen(index, head, payload[..EndPayloadLengthBytes], [], payload[EndPayloadLengthBytes..], []);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer is not { } buffer)
            return;

        _buffer = null;
        _cipher.Dispose();
        _pool.Return(buffer);
    }
}
