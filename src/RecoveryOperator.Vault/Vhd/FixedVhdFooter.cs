using System.Security.Cryptography;
using RecoveryOperator.DataPath;
using static System.Buffers.Binary.BinaryPrimitives;

namespace RecoveryOperator.Vault.Vhd;

/// <summary>
/// The last 512 bytes of a fixed VHD (Microsoft's Virtual Hard Disk Image Format Specification 1.0), which make a page blob a disk that Azure
/// imports. The disk is rounded up to whole MiB, as Azure requires.
/// </summary>
public static class FixedVhdFooter
{
    /// <summary>Length of the footer.</summary>
    public const int LengthBytes = 512;

    /// <summary>Largest disk: a page blob of 8 TiB less one MiB for the footer.</summary>
    public const long MaxDiskSizeBytes = (8L * 1024 * 1024 * 1024 * 1024) - Alignment;

    private const long Alignment = 1024 * 1024;
    private const int ChecksumOffset = 64;
    private const int SectorBytes = 512;
    private const uint FixedType = 2;
    private const long MaxChsSectors = 65535L * 16 * 255;

    private static readonly DateTimeOffset _timeBase = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Where the footer begins for a disk of this size: the size rounded up to whole MiB.</summary>
    public static long OffsetOf(long diskSizeBytes) => (diskSizeBytes + Alignment - 1) / Alignment * Alignment;

    /// <summary>Length of the whole page blob.</summary>
    public static long BlobLengthOf(long diskSizeBytes) => OffsetOf(diskSizeBytes) + LengthBytes;

    /// <summary>Makes the footer. The same arguments give the same bytes.</summary>
    public static byte[] Create(ProtectionId protection, int disk, long diskSizeBytes, DateTimeOffset createdAt)
    {
        byte[] footer = new byte[LengthBytes];
        long sizeBytes = OffsetOf(diskSizeBytes);
        "conectix"u8.CopyTo(footer);
        WriteUInt32BigEndian(footer.AsSpan(8), 2);
        WriteUInt32BigEndian(footer.AsSpan(12), 0x0001_0000);
        WriteUInt64BigEndian(footer.AsSpan(16), ulong.MaxValue);
        WriteUInt32BigEndian(footer.AsSpan(24), (uint)Math.Clamp((long)(createdAt - _timeBase).TotalSeconds, 0, uint.MaxValue));
        // The creator decides whether readers believe the size or the geometry: of "win " every one believes the size.
        "win "u8.CopyTo(footer.AsSpan(28));
        WriteUInt32BigEndian(footer.AsSpan(32), 0x000A_0000);
        "Wi2k"u8.CopyTo(footer.AsSpan(36));
        WriteInt64BigEndian(footer.AsSpan(40), sizeBytes);
        WriteInt64BigEndian(footer.AsSpan(48), sizeBytes);
        WriteGeometry(footer.AsSpan(56), sizeBytes / SectorBytes);
        WriteUInt32BigEndian(footer.AsSpan(60), FixedType);
        WriteUniqueId(footer.AsSpan(68), protection, disk);
        WriteUInt32BigEndian(footer.AsSpan(ChecksumOffset), Checksum(footer));
        return footer;
    }

    /// <summary>What is wrong with the footer of a disk of this size; null when nothing is.</summary>
    public static string? FindFault(ReadOnlySpan<byte> footer, long diskSizeBytes)
    {
        if (footer.Length != LengthBytes || !footer.StartsWith("conectix"u8))
            return "It does not end in the footer of a VHD.";

        byte[] copy = footer.ToArray();
        copy.AsSpan(ChecksumOffset, sizeof(uint)).Clear();
        if (Checksum(copy) != ReadUInt32BigEndian(footer[ChecksumOffset..]))
            return "The checksum of its VHD footer does not agree.";

        uint type = ReadUInt32BigEndian(footer[60..]);
        if (type != FixedType || ReadUInt64BigEndian(footer[16..]) != ulong.MaxValue)
            return $"Its VHD footer says that it is a disk of type {type}, not a fixed one ({FixedType}).";

        long sizeBytes = ReadInt64BigEndian(footer[48..]);
        return sizeBytes == OffsetOf(diskSizeBytes) ? null : $"Its VHD footer says {sizeBytes} bytes, a disk of {diskSizeBytes} bytes needs {OffsetOf(diskSizeBytes)}.";
    }

    private static void WriteUniqueId(Span<byte> destination, ProtectionId protection, int disk)
    {
        Span<byte> name = stackalloc byte[ProtectionId.LengthBytes + sizeof(int)];
        protection.Write(name);
        WriteInt32BigEndian(name[ProtectionId.LengthBytes..], disk);
        SHA256.HashData(name).AsSpan(0, 16).CopyTo(destination);
    }

    private static void WriteGeometry(Span<byte> destination, long totalSectors)
    {
        long sectors = Math.Min(totalSectors, MaxChsSectors);
        long sectorsPerTrack = 17;
        long cylindersTimesHeads = sectors / sectorsPerTrack;
        long heads = Math.Max((cylindersTimesHeads + 1023) / 1024, 4);
        if (sectors >= 65535L * 16 * 63)
        {
            (sectorsPerTrack, heads) = (255, 16);
        }
        else
        {
            if (cylindersTimesHeads >= heads * 1024 || heads > 16)
                (sectorsPerTrack, heads, cylindersTimesHeads) = (31, 16, sectors / 31);
            if (cylindersTimesHeads >= heads * 1024)
                (sectorsPerTrack, heads) = (63, 16);
        }

        WriteUInt16BigEndian(destination, (ushort)(sectors / sectorsPerTrack / heads));
        destination[2] = (byte)heads;
        destination[3] = (byte)sectorsPerTrack;
    }

    private static uint Checksum(ReadOnlySpan<byte> footer)
    {
        uint sum = 0;
        foreach (byte value in footer)
            sum += value;

        return ~sum;
    }
}
