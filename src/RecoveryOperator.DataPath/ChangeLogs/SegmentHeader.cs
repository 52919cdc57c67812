using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.DataPath.Encryption;
using static System.Buffers.Binary.BinaryPrimitives;
using static RecoveryOperator.DataPath.ChangeLogs.ChangeLogConstants;

namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>The first 128 bytes of a segment.</summary>
/// <param name="Identity">Which segment it is.</param>
/// <param name="DiskSizeBytes">Size of the disk at the instant.</param>
/// <param name="Encryption">Key and salt of an encrypted segment (format 2); null when its payloads are in the clear (format 1).</param>
public readonly record struct SegmentHeader(SegmentIdentity Identity, long DiskSizeBytes, SegmentEncryption? Encryption = null)
{
    private const int KeyOffset = 80;
    private const int SaltOffset = 96;

    /// <summary>Writes the header into the first 128 bytes of <paramref name="destination"/>.</summary>
    public void Write(Span<byte> destination)
    {
        destination = destination[..HeaderLengthBytes];
        destination.Clear();
        SegmentMagic.CopyTo(destination);
        WriteUInt16LittleEndian(destination[8..], Encryption is null ? FormatVersion : EncryptedFormatVersion);
        WriteUInt16LittleEndian(destination[10..], HeaderLengthBytes);
        WriteInt32LittleEndian(destination[12..], BlockSize.Bytes);
        Identity.Protection.Write(destination[16..]);
        WriteInt64LittleEndian(destination[32..], Identity.Epoch);
        WriteInt64LittleEndian(destination[40..], Identity.Sequence);
        Identity.Attempt.TryWriteBytes(destination[48..], bigEndian: true, out _);
        WriteInt32LittleEndian(destination[64..], Identity.Disk);
        WriteInt32LittleEndian(destination[68..], Identity.Segment);
        WriteInt64LittleEndian(destination[72..], DiskSizeBytes);
        if (Encryption is { } encryption)
        {
            encryption.Key.Write(destination[KeyOffset..]);
            WriteUInt128BigEndian(destination[SaltOffset..], encryption.Salt);
        }

        BlockChecksum.Compute(destination[..HeaderChecksumOffset], destination[HeaderChecksumOffset..]);
    }

    /// <summary>Whether a segment says of itself that its payloads are encrypted. Nothing is verified.</summary>
    public static bool IsEncrypted(ReadOnlySpan<byte> segment) =>
        segment.Length >= HeaderLengthBytes && ReadUInt16LittleEndian(segment[8..]) == EncryptedFormatVersion;

    /// <summary>Reads and verifies the header of the segment that is expected.</summary>
    /// <exception cref="ChangeLogDamageException">It is torn, damaged, of another format, or of another segment.</exception>
    public static SegmentHeader Read(ReadOnlySpan<byte> segment, SegmentIdentity expected)
    {
        if (segment.Length < HeaderLengthBytes)
            throw Damage(ChangeLogDamageReason.Torn, expected, segment.Length, "the file ends within its header");
        if (!segment.StartsWith(SegmentMagic))
            throw Damage(ChangeLogDamageReason.Format, expected, 0, "the file does not begin as a change log does");
        Span<byte> checksum = stackalloc byte[BlockChecksum.LengthBytes];
        BlockChecksum.Compute(segment[..HeaderChecksumOffset], checksum);
        if (!checksum.SequenceEqual(segment[HeaderChecksumOffset..HeaderLengthBytes]))
            throw Damage(ChangeLogDamageReason.Checksum, expected, 0, "the header's checksum does not agree");

        CheckFormat(segment, expected);
        SegmentHeader header = new(ReadIdentity(segment), ReadInt64LittleEndian(segment[72..]), ReadEncryption(segment));
        if (header.Identity != expected)
            throw Damage(ChangeLogDamageReason.Identity, expected, 16, $"the file is {header.Identity}");

        return header.DiskSizeBytes > 0 ? header
            : throw Damage(ChangeLogDamageReason.Format, expected, 72, $"the header gives a disk of {header.DiskSizeBytes} bytes");
    }

    private static SegmentIdentity ReadIdentity(ReadOnlySpan<byte> segment) => new(
        ProtectionId.Read(segment[16..]),
        ReadInt64LittleEndian(segment[32..]),
        ReadInt64LittleEndian(segment[40..]),
        new Guid(segment.Slice(48, 16), bigEndian: true),
        ReadInt32LittleEndian(segment[64..]),
        ReadInt32LittleEndian(segment[68..]));

    private static SegmentEncryption? ReadEncryption(ReadOnlySpan<byte> segment) =>
        ReadUInt16LittleEndian(segment[8..]) == FormatVersion
            ? null
            : new SegmentEncryption(KeyId.Read(segment[KeyOffset..]), ReadUInt128BigEndian(segment[SaltOffset..]));

    private static void CheckFormat(ReadOnlySpan<byte> segment, SegmentIdentity expected)
    {
        int version = ReadUInt16LittleEndian(segment[8..]);
        if (version is not (FormatVersion or EncryptedFormatVersion))
            throw Damage(
                ChangeLogDamageReason.Format, expected, 8, $"the file is of format {version}, this program reads up to {EncryptedFormatVersion}: upgrade it");
        if (ReadUInt16LittleEndian(segment[10..]) != HeaderLengthBytes || ReadInt32LittleEndian(segment[12..]) != BlockSize.Bytes)
            throw Damage(ChangeLogDamageReason.Format, expected, 10, "the header length or block size is not that of the format");
        if (version == FormatVersion && !BlockChecksum.IsZero(segment[KeyOffset..HeaderChecksumOffset]))
            throw Damage(ChangeLogDamageReason.Format, expected, KeyOffset, "reserved bytes of the header are not zero");
        if (version == EncryptedFormatVersion && BlockChecksum.IsZero(segment[KeyOffset..SaltOffset]))
            throw Damage(ChangeLogDamageReason.Format, expected, KeyOffset, "the header of an encrypted segment names no key");
    }

    private static ChangeLogDamageException Damage(ChangeLogDamageReason reason, SegmentIdentity expected, long offsetBytes, string finding) =>
        new(reason, expected, offsetBytes, finding);
}
