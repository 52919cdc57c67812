using System.Buffers.Binary;
using RecoveryOperator.Hypervisors.Native;

namespace RecoveryOperator.Hypervisors.Images.Tracking;

/// <summary>First 64 bytes of a checksum table.</summary>
/// <param name="Image">Identity of the image at the instant; its size is the disk's.</param>
/// <param name="TakenAtNanoseconds">The instant, nanoseconds since 1970 by the host's clock.</param>
internal sealed record ChecksumTableHeader(ImageIdentity Image, long TakenAtNanoseconds)
{
    public const int LengthBytes = 64;

    private static ReadOnlySpan<byte> Magic => "RVSUMS01"u8;

    /// <summary>True when the image, being the same as then by its identity, has certainly not been written since.</summary>
    public bool ProvesUnchanged(ImageIdentity now, TimeSpan racyMargin) =>
        now == Image && Image.NewestNanoseconds < TakenAtNanoseconds - (racyMargin.Ticks * TimeSpan.NanosecondsPerTick);

    /// <summary>Writes the header.</summary>
    public void Write(Span<byte> target)
    {
        Magic.CopyTo(target);
        BinaryPrimitives.WriteInt64LittleEndian(target[8..], BlockSums.BlockBytes);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], Image.SizeBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(target[24..], Image.Inode);
        BinaryPrimitives.WriteInt64LittleEndian(target[32..], Image.ModifiedNanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(target[40..], Image.ChangedNanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(target[48..], TakenAtNanoseconds);
        target[56..LengthBytes].Clear();
    }

    /// <summary>Reads a header; null when it is none of this version.</summary>
    public static ChecksumTableHeader? Read(ReadOnlySpan<byte> source)
    {
        if (!source.StartsWith(Magic) || BinaryPrimitives.ReadInt64LittleEndian(source[8..]) != BlockSums.BlockBytes)
        {
            return null;
        }

        var image = new ImageIdentity(
            BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[40..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[24..]));
        return image.SizeBytes < 0 ? null : new ChecksumTableHeader(image, BinaryPrimitives.ReadInt64LittleEndian(source[48..]));
    }
}
