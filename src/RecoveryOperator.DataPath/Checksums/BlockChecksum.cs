using System.IO.Hashing;

namespace RecoveryOperator.DataPath.Checksums;

/// <summary>XXH128 (seed 0, canonical big-endian form) of blocks, and the test for zeros. It finds damage, not attackers.</summary>
public static class BlockChecksum
{
    /// <summary>Bytes of a checksum.</summary>
    public const int LengthBytes = 16;

    /// <summary>Writes the checksum of one piece of content.</summary>
    public static void Compute(ReadOnlySpan<byte> content, Span<byte> destination) => XxHash128.Hash(content, destination);

    /// <summary>Writes the checksums of all blocks of a range that begins at a block's start; a short last block is not padded.</summary>
    /// <returns>Bytes written: 16 for each block.</returns>
    public static int ComputeAll(ReadOnlySpan<byte> content, Span<byte> destination)
    {
        int written = 0;
        for (int offset = 0; offset < content.Length; offset += BlockSize.Bytes, written += LengthBytes)
            Compute(Block(content, offset), destination[written..]);

        return written;
    }

    /// <summary>Index of the first block whose checksum is another than the one given, or -1 when all agree.</summary>
    public static int FindMismatch(ReadOnlySpan<byte> content, ReadOnlySpan<byte> checksums)
    {
        Span<byte> actual = stackalloc byte[LengthBytes];
        for (int index = 0; index * BlockSize.Bytes < content.Length; index++)
        {
            Compute(Block(content, index * BlockSize.Bytes), actual);
            if (!actual.SequenceEqual(checksums.Slice(index * LengthBytes, LengthBytes)))
                return index;
        }

        return -1;
    }

    /// <summary>Whether every byte is zero (vectorised).</summary>
    public static bool IsZero(ReadOnlySpan<byte> content) => !content.ContainsAnyExcept((byte)0);

    private static ReadOnlySpan<byte> Block(ReadOnlySpan<byte> content, int offset) =>
        content.Slice(offset, Math.Min(BlockSize.Bytes, content.Length - offset));
}
