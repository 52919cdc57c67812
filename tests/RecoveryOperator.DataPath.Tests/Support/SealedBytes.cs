using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>Assembles an encrypted segment byte by byte from docs/formats/encryption.md, without the code under test.</summary>
public sealed class SealedBytes : IDisposable
{
    private readonly List<byte> _bytes = [];
    private readonly List<byte> _checksums = [];
    private readonly byte[] _header;
    private readonly AesGcm _aes;
    private ulong _records;
    private ulong _lengthSum;

    public SealedBytes(ulong diskSize, byte[] dataKey, byte[] salt)
    {
        List<byte> header = [0x52, 0x56, 0x48, 0x52, 0x4C, 0x31, 0x0D, 0x0A, 2, 0, 128, 0, 0x00, 0x00, 0x01, 0x00];
        header.AddRange(Convert.FromHexString("00112233445566778899aabbccddeeff"));
        header.AddRange(Number(3, 8));
        header.AddRange(Number(7, 8));
        header.AddRange(Convert.FromHexString("0123456789abcdef0123456789abcdef"));
        header.AddRange(Number(1, 4));
        header.AddRange(Number(0, 4));
        header.AddRange(Number(diskSize, 8));
        header.AddRange(Expand(dataKey, [], Encoding.ASCII.GetBytes("recovery-operator/key-id/1"), 16));
        header.AddRange(salt);
        _header = [.. header];
        _aes = new AesGcm(SegmentKey(dataKey, _header), 16);
        _bytes.AddRange([.. _header, .. XxHash128.Hash(_header)]);
    }

    public static byte[] SegmentKey(byte[] dataKey, ReadOnlySpan<byte> header) =>
        Expand(dataKey, header[96..112].ToArray(), [.. Encoding.ASCII.GetBytes("recovery-operator/segment/2"), .. header[..96]], 32);

    public SealedBytes Data(ulong offset, byte[] content, byte codec = 0, byte[]? stored = null)
    {
        byte[] sums = [.. content.Chunk(65536).SelectMany(block => XxHash128.Hash(block))];
        byte[] data = stored ?? content;
        return Record(1, codec, (ushort)(sums.Length / 16), offset, (ulong)content.Length, (uint)data.Length, [.. sums, .. data], []);
    }

    public SealedBytes Zeros(ulong offset, ulong length) => Record(2, 0, 0, offset, length, 0, [], []);

    public byte[] End()
    {
        Record(3, 0, 0, _records, _lengthSum, 0, [], XxHash128.Hash(_checksums.ToArray()));
        return [.. _bytes];
    }

    public void Dispose() => _aes.Dispose();

    private SealedBytes Record(byte kind, byte codec, ushort checksumCount, ulong offset, ulong length, uint stored, byte[] plaintext, byte[] clear)
    {
        byte[] head =
        [
            0x52, 0x52, 0x45, 0x43, kind, codec, .. Number(checksumCount, 2), .. Number(offset, 8), .. Number(length, 8), .. Number(stored, 4), 0, 0, 0, 0,
        ];
        byte[] ciphertext = new byte[plaintext.Length];
        byte[] tag = new byte[16];
        byte[] nonce = [.. Number(_records, 8), 0, 0, 0, 0];
        byte[] associated = [.. _header, .. head, .. clear];
        _aes.Encrypt(nonce, plaintext, ciphertext, tag, associated);
        byte[] payload = [.. clear, .. ciphertext, .. tag];
        byte[] checksum = XxHash128.Hash([.. head, .. payload]);
        _bytes.AddRange([.. head, .. checksum, .. payload]);
        _checksums.AddRange(checksum);
        _records++;
        _lengthSum += length;
        return this;
    }

    /// <summary>HKDF-SHA256 as RFC 5869 writes it, for outputs of one block.</summary>
    private static byte[] Expand(byte[] key, byte[] salt, byte[] info, int length)
    {
        byte[] extracted = HMACSHA256.HashData(salt.Length == 0 ? new byte[32] : salt, key);
        byte[] counted = [.. info, 1];
        return HMACSHA256.HashData(extracted, counted)[..length];
    }

    private static byte[] Number(ulong value, int length)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes[..length];
    }
}
