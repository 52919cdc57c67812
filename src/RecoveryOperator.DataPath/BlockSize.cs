namespace RecoveryOperator.DataPath;

/// <summary>The unit of the data path: a disk is a row of aligned blocks, of which the last may be shorter.</summary>
public static class BlockSize
{
    /// <summary>Bytes of a block (64 KiB).</summary>
    public const int Bytes = 64 * 1024;

    /// <summary>Blocks, a short last one included, that <paramref name="lengthBytes"/> bytes from a block's start on touch.</summary>
    public static long Count(long lengthBytes) => (lengthBytes + Bytes - 1) / Bytes;

    /// <summary>Start of the block that holds <paramref name="offsetBytes"/>.</summary>
    public static long AlignDown(long offsetBytes) => offsetBytes & ~(Bytes - 1L);

    /// <summary>End of the block that holds the byte before <paramref name="offsetBytes"/>, not beyond the disk's end.</summary>
    public static long AlignUp(long offsetBytes, long diskSizeBytes) =>
        offsetBytes >= diskSizeBytes ? diskSizeBytes : Math.Min(AlignDown(offsetBytes + Bytes - 1), diskSizeBytes);

    /// <summary>Whether the range begins and ends at a block's edge; the disk's end counts as one.</summary>
    public static bool IsAligned(Extent range, long diskSizeBytes) =>
        range.OffsetBytes % Bytes == 0 && (range.LengthBytes % Bytes == 0 || range.EndBytes == diskSizeBytes);
}
