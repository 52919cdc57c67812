using RecoveryOperator.DataPath.Checksums;

namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>Numbers of the change log, formats 1 and 2 (docs/formats/change-log.md, docs/formats/encryption.md).</summary>
public static class ChangeLogConstants
{
    /// <summary>The format of segments in the clear.</summary>
    public const ushort FormatVersion = 1;

    /// <summary>The format of encrypted segments, and the newest one that is read.</summary>
    public const ushort EncryptedFormatVersion = 2;

    /// <summary>Bytes of the segment header.</summary>
    public const int HeaderLengthBytes = 128;

    /// <summary>Bytes of a record's head, in front of its payload.</summary>
    public const int RecordHeadLengthBytes = 48;

    /// <summary>Bytes of the end record's payload.</summary>
    public const int EndPayloadLengthBytes = BlockChecksum.LengthBytes;

    /// <summary>Bytes of a record's authentication tag, in an encrypted segment.</summary>
    public const int TagLengthBytes = 16;

    /// <summary>Most blocks in one data record.</summary>
    public const int MaxBlocksPerRecord = 16;

    /// <summary>Most bytes of disk content in one data record (1 MiB).</summary>
    public const int MaxRecordContentBytes = MaxBlocksPerRecord * BlockSize.Bytes;

    /// <summary>A segment is closed when its stored length reaches this (16 MiB).</summary>
    public const int SegmentTargetLengthBytes = 16 * 1024 * 1024;

    /// <summary>No segment is longer than this: the target, one whole data record and the end record, with their tags. A buffer of this size holds any.</summary>
    public const int MaxSegmentLengthBytes = SegmentTargetLengthBytes
        + RecordHeadLengthBytes + MaxPayloadLengthBytes
        + RecordHeadLengthBytes + EndPayloadLengthBytes + TagLengthBytes;

    /// <summary>Most bytes of a record's payload: checksums, data and tag.</summary>
    internal const int MaxPayloadLengthBytes = (MaxBlocksPerRecord * BlockChecksum.LengthBytes) + MaxRecordContentBytes + TagLengthBytes;

    /// <summary>Offset of a record's checksum within its head; what lies before is covered by it.</summary>
    internal const int RecordChecksumOffset = 32;

    /// <summary>Offset of the header's checksum; what lies before is covered by it.</summary>
    internal const int HeaderChecksumOffset = 112;

    /// <summary>First bytes of a segment.</summary>
    public static ReadOnlySpan<byte> SegmentMagic => "RVHRL1\r\n"u8;

    /// <summary>First bytes of a record.</summary>
    public static ReadOnlySpan<byte> RecordMagic => "RREC"u8;
}
