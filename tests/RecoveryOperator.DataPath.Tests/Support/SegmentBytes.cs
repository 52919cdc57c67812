using System.Buffers.Binary;
using System.IO.Hashing;

namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>Assembles a segment byte by byte from the specification, without the code under test.</summary>
public sealed class SegmentBytes
{
    private readonly List<byte> _bytes = [];
    private readonly List<byte> _checksums = [];
    private ulong _records;
    private ulong _lengthSum;

    public SegmentBytes(ulong diskSize)
    {
        List<byte> header = [0x52, 0x56, 0x48, 0x52, 0x4C, 0x31, 0x0D, 0x0A, 1, 0, 128, 0, 0x00, 0x00, 0x01, 0x00];
        header.AddRange(Convert.FromHexString("00112233445566778899aabbccddeeff"));
        header.AddRange(Number(3, 8));
        header.AddRange(Number(7, 8));
        header.AddRange(Convert.FromHexString("0123456789abcdef0123456789abcdef"));
        header.AddRange(Number(1, 4));
        header.AddRange(Number(0, 4));
        header.AddRange(Number(diskSize, 8));
        header.AddRange(new byte[32]);
        header.AddRange(XxHash128.Hash(header.ToArray()));
        _bytes.AddRange(header);
    }

    /// <summary>Offsets of the records, the end record included.</summary>
    public List<int> RecordOffsets { get; } = [];

    public SegmentBytes Data(ulong offset, byte[] content, byte codec = 0, byte[]? stored = null, byte[]? checksums = null)
    {
        byte[] sums = checksums ?? [.. content.Chunk(65536).SelectMany(block => XxHash128.Hash(block))];
        byte[] data = stored ?? content;
        return Record(1, codec, (ushort)(sums.Length / 16), offset, (ulong)content.Length, (uint)data.Length, [.. sums, .. data]);
    }

    public SegmentBytes Zeros(ulong offset, ulong length) => Record(2, 0, 0, offset, length, 0, []);

    public byte[] End(ulong? records = null, ulong? lengthSum = null)
    {
        byte[] payload = XxHash128.Hash(_checksums.ToArray());
        Record(3, 0, 0, records ?? _records, lengthSum ?? _lengthSum, 0, payload);
        return [.. _bytes];
    }

    public SegmentBytes Record(byte kind, byte codec, ushort checksumCount, ulong offset, ulong length, uint stored, byte[] payload, uint reserved = 0)
    {
        byte[] head =
        [
            0x52, 0x52, 0x45, 0x43, kind, codec, .. Number(checksumCount, 2), .. Number(offset, 8), .. Number(length, 8), .. Number(stored, 4), .. Number(reserved, 4),
        ];
        byte[] checksum = XxHash128.Hash([.. head, .. payload]);
        RecordOffsets.Add(_bytes.Count);
        _bytes.AddRange([.. head, .. checksum, .. payload]);
        _checksums.AddRange(checksum);
        _records++;
        _lengthSum += length;
        return this;
    }

    private static byte[] Number(ulong value, int length)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes[..length];
    }
}
