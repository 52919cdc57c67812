using static System.Buffers.Binary.BinaryPrimitives;
using static RecoveryOperator.DataPath.ChangeLogs.ChangeLogConstants;

namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>The 32 bytes of a record that its checksum covers besides the payload.</summary>
/// <param name="Kind">Kind of the record; may be unknown until the checksum was verified.</param>
/// <param name="Codec">Codec of the data.</param>
/// <param name="ChecksumCount">Block checksums in the payload.</param>
/// <param name="OffsetBytes">Offset on the disk; of an end record: records before it.</param>
/// <param name="LengthBytes">Length on the disk; of an end record: sum of the lengths before it.</param>
/// <param name="StoredLengthBytes">Length of the data as stored.</param>
internal readonly record struct RecordHead(
    ChangeLogRecordKind Kind,
    ChangeLogCodec Codec,
    ushort ChecksumCount,
    long OffsetBytes,
    long LengthBytes,
    uint StoredLengthBytes)
{
    private const int ReservedOffset = 28;

    /// <summary>Bytes of the payload without its tag.</summary>
    public long PayloadLengthBytes => Kind == ChangeLogRecordKind.End
        ? EndPayloadLengthBytes
        : ((long)ChecksumCount * Checksums.BlockChecksum.LengthBytes) + StoredLengthBytes;

    public void Write(Span<byte> destination)
    {
        RecordMagic.CopyTo(destination);
        destination[4] = (byte)Kind;
        destination[5] = (byte)Codec;
        WriteUInt16LittleEndian(destination[6..], ChecksumCount);
        WriteInt64LittleEndian(destination[8..], OffsetBytes);
        WriteInt64LittleEndian(destination[16..], LengthBytes);
        WriteUInt32LittleEndian(destination[24..], StoredLengthBytes);
        destination[ReservedOffset..RecordChecksumOffset].Clear();
    }

    public static RecordHead Read(ReadOnlySpan<byte> head) => new(
        (ChangeLogRecordKind)head[4],
        (ChangeLogCodec)head[5],
        ReadUInt16LittleEndian(head[6..]),
        ReadInt64LittleEndian(head[8..]),
        ReadInt64LittleEndian(head[16..]),
        ReadUInt32LittleEndian(head[24..]));

    /// <summary>What is wrong with a record whose checksum agrees, or null.</summary>
    /// <param name="head">The record's head.</param>
    /// <param name="fromBytes">End of the record before it.</param>
    /// <param name="diskSizeBytes">Size of the disk.</param>
    public string? FindFault(ReadOnlySpan<byte> head, long fromBytes, long diskSizeBytes)
    {
        if (Kind is < ChangeLogRecordKind.Data or > ChangeLogRecordKind.End || Codec is < ChangeLogCodec.Stored or > ChangeLogCodec.Zstd)
            return $"kind {(int)Kind} or codec {(int)Codec} is unknown";
        if (!Checksums.BlockChecksum.IsZero(head[ReservedOffset..RecordChecksumOffset]))
            return "reserved bytes of the record are not zero";
        if (Kind != ChangeLogRecordKind.Data && (Codec != ChangeLogCodec.Stored || ChecksumCount != 0 || StoredLengthBytes != 0))
            return "a record without data has a codec, checksums or a stored length";

        return Kind == ChangeLogRecordKind.End ? null : FindRangeFault(fromBytes, diskSizeBytes) ?? FindDataFault();
    }

    private string? FindRangeFault(long fromBytes, long diskSizeBytes)
    {
        if (OffsetBytes < fromBytes)
            return $"the record's range begins at {OffsetBytes}, before the end {fromBytes} of the one before it";
        if (LengthBytes <= 0 || OffsetBytes > diskSizeBytes - LengthBytes)
            return $"the record's range ({LengthBytes} bytes at {OffsetBytes}) does not lie on the disk of {diskSizeBytes} bytes";

        return BlockSize.IsAligned(new Extent(OffsetBytes, LengthBytes), diskSizeBytes) ? null
            : $"the record's range ({LengthBytes} bytes at {OffsetBytes}) is not made of whole blocks";
    }

    private string? FindDataFault()
    {
        if (Kind != ChangeLogRecordKind.Data)
            return null;
        if (LengthBytes > MaxRecordContentBytes || ChecksumCount != BlockSize.Count(LengthBytes))
            return $"a data record of {LengthBytes} bytes has {ChecksumCount} checksums, or more than {MaxBlocksPerRecord} blocks";

        bool lengthIsRight = Codec == ChangeLogCodec.Stored
            ? StoredLengthBytes == LengthBytes
            : StoredLengthBytes > 0 && StoredLengthBytes < LengthBytes;
        return lengthIsRight ? null : $"{LengthBytes} bytes of content cannot be stored as {StoredLengthBytes} bytes with codec {Codec}";
    }
}
