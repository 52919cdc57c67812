using System.Buffers;
using static RecoveryOperator.DataPath.ChangeLogs.ChangeLogConstants;

namespace RecoveryOperator.DataPath.Encryption;

/// <summary>
/// Encrypts the records of one segment while it is written. Counts them itself, so that no nonce is used twice; is used for one segment only. Holds one
/// pooled buffer for a record's payload.
/// </summary>
internal sealed class RecordSealer(DataKey key, ReadOnlySpan<byte> header, ArrayPool<byte> pool) : IDisposable
{
    private readonly SegmentCipher _cipher = new(key, header);
    private byte[]? _buffer = pool.Rent(MaxPayloadLengthBytes);
    private long _nextIndex;

    /// <summary>A data or zero record's payload as it is stored; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Seal(ReadOnlySpan<byte> head, ReadOnlySpan<byte> checksums, ReadOnlySpan<byte> data)
    {
        int length = checksums.Length + data.Length;
        Memory<byte> payload = Buffer.AsMemory(0, length + TagLengthBytes);
        checksums.CopyTo(payload.Span);
        data.CopyTo(payload.Span[checksums.Length..]);
        _cipher.Seal(_nextIndex++, head, [], payload.Span[..length], payload.Span[length..]);
        return payload;
    }

    /// <summary>The end record's payload as it is stored.</summary>
    public ReadOnlyMemory<byte> SealEnd(ReadOnlySpan<byte> head, ReadOnlySpan<byte> checksum)
    {
        Memory<byte> payload = Buffer.AsMemory(0, checksum.Length + TagLengthBytes);
        checksum.CopyTo(payload.Span);
        _cipher.Seal(_nextIndex++, head, checksum, [], payload.Span[checksum.Length..]);
        return payload;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer is not { } buffer)
            return;

        _buffer = null;
        _cipher.Dispose();
        pool.Return(buffer);
    }

    private byte[] Buffer => _buffer ?? throw new ObjectDisposedException(nameof(RecordSealer));
}
