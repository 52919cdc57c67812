using System.IO.Hashing;
using RecoveryOperator.DataPath.Checksums;
using static RecoveryOperator.DataPath.ChangeLogs.ChangeLogConstants;

namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>
/// Walks a segment in memory record by record and verifies everything but the blocks' own checksums: identity, record
/// checksums, order, bounds, and the end record. It copies and allocates nothing per record.
/// </summary>
public sealed class ChangeLogFrameReader
{
    private readonly ReadOnlyMemory<byte> _segment;
    private readonly SegmentIdentity _expected;
    private readonly XxHash128 _checksums = new();
    private readonly XxHash128 _recordHash = new();
    private int _position = HeaderLengthBytes;
    private long _recordCount;
    private long _lengthSumBytes;
    private long _rangeEndBytes;
    private bool _ended;

    /// <summary>Opens a segment and verifies its header.</summary>
    /// <exception cref="ChangeLogDamageException">The header is torn, damaged, of another format, or of another segment.</exception>
    public ChangeLogFrameReader(ReadOnlyMemory<byte> segment, SegmentIdentity expected)
    {
        _segment = segment;
        _expected = expected;
        Header = SegmentHeader.Read(segment.Span, expected);
    }

    /// <summary>The verified header.</summary>
    public SegmentHeader Header { get; }

    /// <summary>Verifies the next record. False means: the end record was reached, and the whole segment is sound.</summary>
    /// <exception cref="ChangeLogDamageException">The segment is torn or damaged here.</exception>
    public bool TryRead(out ChangeLogFrame frame)
    {
        frame = default;
        if (_ended)
            return false;

        RecordHead head = ReadHead(out ReadOnlyMemory<byte> payload);
        if (head.Kind == ChangeLogRecordKind.End)
        {
            CheckEnd(head, payload);
            return false;
        }

        int checksumsLengthBytes = head.ChecksumCount * BlockChecksum.LengthBytes;
        frame = new ChangeLogFrame(
            head.Kind,
            head.Codec,
            new Extent(head.OffsetBytes, head.LengthBytes),
            payload[..checksumsLengthBytes],
            payload[checksumsLengthBytes..],
            _position);
        Advance(head, payload.Length);
        return true;
    }

    private RecordHead ReadHead(out ReadOnlyMemory<byte> payload)
    {
        ReadOnlyMemory<byte> rest = _segment[_position..];
        if (rest.Length < RecordHeadLengthBytes)
            throw Damage(ChangeLogDamageReason.Torn, $"the file ends after {_segment.Length} bytes without an end record");

        ReadOnlySpan<byte> bytes = rest.Span[..RecordHeadLengthBytes];
        if (!bytes.StartsWith(RecordMagic))
            throw Damage(ChangeLogDamageReason.Format, "no record begins here");

        RecordHead head = RecordHead.Read(bytes);
        if (head.PayloadLengthBytes > rest.Length - RecordHeadLengthBytes)
            throw Damage(
                ChangeLogDamageReason.Torn, $"the record needs {head.PayloadLengthBytes} more bytes, the file ends after {_segment.Length}");

        payload = rest.Slice(RecordHeadLengthBytes, (int)head.PayloadLengthBytes);
        if (!RecordChecksum.Matches(_recordHash, bytes, payload.Span))
            throw Damage(ChangeLogDamageReason.Checksum, "the record's checksum does not agree");

        return head.FindFault(bytes, _rangeEndBytes, Header.DiskSizeBytes) is { } fault
            ? throw Damage(ChangeLogDamageReason.Format, fault)
            : head;
    }

    private void Advance(RecordHead head, int payloadLengthBytes)
    {
        _checksums.Append(_segment.Span.Slice(_position + RecordChecksumOffset, BlockChecksum.LengthBytes));
        _recordCount++;
        _lengthSumBytes += head.LengthBytes;
        _rangeEndBytes = head.OffsetBytes + head.LengthBytes;
        _position += RecordHeadLengthBytes + payloadLengthBytes;
    }

    private void CheckEnd(RecordHead head, ReadOnlyMemory<byte> payload)
    {
        if (head.OffsetBytes != _recordCount || head.LengthBytes != _lengthSumBytes)
            throw Damage(
                ChangeLogDamageReason.Format,
                $"the end record counts {head.OffsetBytes} records and {head.LengthBytes} bytes, the file has {_recordCount} and {_lengthSumBytes}");

        Span<byte> checksum = stackalloc byte[BlockChecksum.LengthBytes];
        _checksums.GetCurrentHash(checksum);
        if (!checksum.SequenceEqual(payload.Span))
            throw Damage(ChangeLogDamageReason.Checksum, "the end record's checksum over the records does not agree");

        int end = _position + RecordHeadLengthBytes + EndPayloadLengthBytes;
        if (end != _segment.Length)
            throw Damage(ChangeLogDamageReason.Torn, $"{_segment.Length - end} bytes follow the end record");

        _ended = true;
    }

    private ChangeLogDamageException Damage(ChangeLogDamageReason reason, string finding) => new(reason, _expected, _position, finding);
}
