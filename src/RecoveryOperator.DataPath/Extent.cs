namespace RecoveryOperator.DataPath;

/// <summary>A range of a disk.</summary>
/// <param name="OffsetBytes">Start, in bytes from the disk's beginning.</param>
/// <param name="LengthBytes">Length in bytes, above zero.</param>
public readonly record struct Extent(long OffsetBytes, long LengthBytes)
{
    /// <summary>First byte after the range.</summary>
    public long EndBytes => OffsetBytes + LengthBytes;
}
