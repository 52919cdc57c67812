using System.Buffers.Binary;
using System.Security.Cryptography;
using static RecoveryOperator.DataPath.ChangeLogs.ChangeLogConstants;

namespace RecoveryOperator.DataPath.Encryption;

/// <summary>
/// AES-256-GCM of one segment's records (docs/formats/encryption.md). The key is the segment's own, the nonce is the record's index, and header and record head
/// are authenticated with it. Not safe for concurrent use.
/// </summary>
internal sealed class SegmentCipher : IDisposable
{
    private const int NonceLengthBytes = 12;
    private const int KeyInfoHeaderBytes = 96;

    private readonly AesGcm _aes;
    private readonly byte[] _nonce = new byte[NonceLengthBytes];
    private readonly byte[] _associated = new byte[HeaderChecksumOffset + RecordChecksumOffset + EndPayloadLengthBytes];

    /// <param name="key">The data key that the header names.</param>
    /// <param name="header">The segment's header as it is stored.</param>
    public SegmentCipher(DataKey key, ReadOnlySpan<byte> header)
    {
        header[..HeaderChecksumOffset].CopyTo(_associated);
        Span<byte> segmentKey = stackalloc byte[DataKey.LengthBytes];
        DeriveKey(key, header, segmentKey);
        _aes = new AesGcm(segmentKey, TagLengthBytes);
        CryptographicOperations.ZeroMemory(segmentKey);
    }

    private static ReadOnlySpan<byte> KeyInfo => "recovery-operator/segment/2"u8;

    /// <summary>Encrypts in place.</summary>
    /// <param name="index">Index of the record in the segment.</param>
    /// <param name="head">The record's head; its first 32 bytes are authenticated.</param>
    /// <param name="checksums">Checksum over the records, in an end record; empty otherwise.</param>
    /// <param name="payload">Plaintext; ciphertext afterwards. May be empty.</param>
    /// <param name="tag">Takes the tag.</param>
    public void Seal(long index, ReadOnlySpan<byte> head, ReadOnlySpan<byte> checksums, Span<byte> payload, Span<byte> tag) =>
        _aes.Encrypt(Nonce(index), payload, payload, tag, Associate(head, checksums));

    /// <summary>Decrypts; false when the tag does not agree: the record or the header was changed.</summary>
    public bool TryOpen(
        long index, ReadOnlySpan<byte> head, ReadOnlySpan<byte> checksums, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> tag, Span<byte> destination)
    {
        try
        {
            _aes.Decrypt(Nonce(index), payload, tag, destination, Associate(head, checksums));
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false; // The caller knows which record of which segment it is, and says so.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _aes.Dispose();

    private static void DeriveKey(DataKey key, ReadOnlySpan<byte> header, Span<byte> destination)
    {
        Span<byte> info = stackalloc byte[KeyInfo.Length + KeyInfoHeaderBytes];
        KeyInfo.CopyTo(info);
        header[..KeyInfoHeaderBytes].CopyTo(info[KeyInfo.Length..]);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Secret, destination, header[KeyInfoHeaderBytes..HeaderChecksumOffset], info);
    }

    private ReadOnlySpan<byte> Nonce(long index)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_nonce, index);
        return _nonce;
    }

    private ReadOnlySpan<byte> Associate(ReadOnlySpan<byte> head, ReadOnlySpan<byte> checksums)
    {
        head[..RecordChecksumOffset].CopyTo(_associated.AsSpan(HeaderChecksumOffset));
        checksums.CopyTo(_associated.AsSpan(HeaderChecksumOffset + RecordChecksumOffset));
        return _associated.AsSpan(0, HeaderChecksumOffset + RecordChecksumOffset + checksums.Length);
    }
}
