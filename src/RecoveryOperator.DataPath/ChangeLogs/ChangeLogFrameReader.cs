using System.Buffers;
using System.IO.Hashing;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.DataPath.Encryption;
using static RecoveryOperator.DataPath.ChangeLogs.ChangeLogConstants;

namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>
/// Walks a segment in memory record by record and verifies everything but the blocks' own checksums: identity, record
/// checksums, order, bounds, and the end record; of an encrypted segment also that each record is authentic, where it was given keys. It allocates
/// nothing per record; for an encrypted segment it holds one pooled buffer of a record's size.
/// </summary>
public sealed class ChangeLogFrameReader : IDisposable
{
    private readonly ReadOnlyMemory<byte> _segment;
    private readonly SegmentIdentity _expected;
    private readonly XxHash128 _checksums = new();
    private readonly XxHash128 _recordHash = new();
    private readonly RecordOpener? _opener;
    private readonly int _tagLengthBytes;
    private int _position = HeaderLengthBytes;
    private long _recordCount;
    private long _lengthSumBytes;
    private long _rangeEndBytes;
    private bool _ended;

    /// <summary>Opens a segment and verifies its header.</summary>
    /// <param name="segment">The segment, whole.</param>
    /// <param name="expected">Which segment it must be.</param>
    /// <param name="keys">The keys for encrypted segments. Without, their records yield only kind and range, and are not authenticated.</param>
    /// <param name="pool">Where the buffer for decrypted records comes from; the shared pool when null.</param>
    /// <exception cref="ChangeLogDamageException">The header is torn, damaged, of another format, or of another segment.</exception>
    /// <exception cref="DataKeyMissingException">Keys were given, and the segment's is not among them.</exception>
    public ChangeLogFrameReader(ReadOnlyMemory<byte> segment, SegmentIdentity expected, IDataKeys? keys = null, ArrayPool<byte>? pool = null)
    {
        _segment = segment;
        _expected = expected;
        Header = SegmentHeader.Read(segment.Span, expected);
        _tagLengthBytes = Header.Encryption is null ? 0 : TagLengthBytes;
        _opener = keys is null ? null : RecordOpener.For(Header, segment.Span, keys, pool ?? ArrayPool<byte>.Shared);
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

        ReadOnlyMemory<byte> content = Open(payload);
        int checksumsLengthBytes = content.IsEmpty ? 0 : head.ChecksumCount * BlockChecksum.LengthBytes;
        frame = new ChangeLogFrame(
            head.Kind,
            head.Codec,
            new Extent(head.OffsetBytes, head.LengthBytes),
            content[..checksumsLengthBytes],
            content[checksumsLengthBytes..],
            _position);
        Advance(head, payload.Length);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _opener?.Dispose();

    private ReadOnlyMemory<byte> Open(ReadOnlyMemory<byte> payload)
    {
        if (Header.Encryption is null)
            return payload;
        if (_opener is null)
            return default;

        return _opener.TryOpen(_recordCount, HeadBytes, payload.Span, out ReadOnlyMemory<byte> content) ? content : throw NotAuthentic();
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
        long payloadLengthBytes = head.PayloadLengthBytes + _tagLengthBytes;
        if (payloadLengthBytes > rest.Length - RecordHeadLengthBytes)
            throw Damage(ChangeLogDamageReason.Torn, $"the record needs {payloadLengthBytes} more bytes, the file ends after {_segment.Length}");

        payload = rest.Slice(RecordHeadLengthBytes, (int)payloadLengthBytes);
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
        if (!checksum.SequenceEqual(payload.Span[..EndPayloadLengthBytes]))
            throw Damage(ChangeLogDamageReason.Checksum, "the end record's checksum over the records does not agree");

        if (_opener?.IsEndSound(_recordCount, HeadBytes, payload.Span) == false)
            throw NotAuthentic();

        int end = _position + RecordHeadLengthBytes + payload.Length;
        if (end != _segment.Length)
            throw Damage(ChangeLogDamageReason.Torn, $"{_segment.Length - end} bytes follow the end record");

        _ended = true;
    }

    private ReadOnlySpan<byte> HeadBytes => _segment.Span.Slice(_position, RecordHeadLengthBytes);

    private ChangeLogDamageException NotAuthentic() =>
        Damage(ChangeLogDamageReason.Authentication, "the record's checksum agrees, its authentication tag does not: somebody changed the record or the header");

    private ChangeLogDamageException Damage(ChangeLogDamageReason reason, string finding) => new(reason, _expected, _position, finding);
}
