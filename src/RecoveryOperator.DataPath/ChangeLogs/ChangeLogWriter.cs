using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.DataPath.Encryption;
using static RecoveryOperator.DataPath.ChangeLogs.ChangeLogConstants;

namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>
/// Writes one segment to a stream that it does not own: records in growing order of their offsets, then the end record. With a key, payloads are
/// encrypted, and one pooled buffer of a record's size is held. Not safe for concurrent use. After an error the segment cannot be continued.
/// </summary>
public sealed class ChangeLogWriter : IDisposable
{
    private readonly Stream _stream;
    private readonly SegmentHeader _header;
    private readonly RecordSealer? _sealer;
    private readonly XxHash128 _recordHash = new();
    private readonly XxHash128 _checksums = new();
    private readonly byte[] _head = new byte[HeaderLengthBytes];
    private long _lengthSumBytes;
    private long _rangeEndBytes;
    private bool _completed;

    private ChangeLogWriter(Stream stream, SegmentHeader header, DataKey? key, ArrayPool<byte>? pool)
    {
        _stream = stream;
        _header = key is null ? header : header with { Encryption = new SegmentEncryption(key.Id, NewSalt()) };
        _header.Write(_head);
        if (key is not null)
            _sealer = new RecordSealer(key, _head, pool ?? ArrayPool<byte>.Shared);
    }

    /// <summary>Bytes written so far, the header included.</summary>
    public long LengthBytes { get; private set; }

    /// <summary>Records written so far, the end record not counted.</summary>
    public long RecordCount { get; private set; }

    /// <summary>Begins a segment: writes its header.</summary>
    public static ValueTask<ChangeLogWriter> CreateAsync(Stream stream, SegmentHeader header, CancellationToken cancellationToken) =>
        CreateAsync(stream, header, null, null, cancellationToken);

    /// <summary>Begins a segment: writes its header.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="header">The header; key and salt are put into it here, and the salt is new for each call.</param>
    /// <param name="key">Encrypts the payloads; null leaves them in the clear.</param>
    /// <param name="pool">Where the buffer for encrypted records comes from; the shared pool when null.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async ValueTask<ChangeLogWriter> CreateAsync(
        Stream stream, SegmentHeader header, DataKey? key, ArrayPool<byte>? pool, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(header.DiskSizeBytes);
        if (header.Encryption is not null)
            throw new ArgumentException("Key and salt of a header are the writer's to choose.", nameof(header));

        ChangeLogWriter writer = new(stream, header, key, pool);
        try
        {
            await stream.WriteAsync(writer._head, cancellationToken);
            writer.LengthBytes = HeaderLengthBytes;
            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    /// <summary>Appends a data record of at most 16 blocks.</summary>
    /// <param name="range">Whole blocks of the disk, behind the range of the record before.</param>
    /// <param name="codec">How <paramref name="data"/> is stored.</param>
    /// <param name="checksums">XXH128 of each block of the content, in order.</param>
    /// <param name="data">The content, or one zstd frame of it that is shorter.</param>
    /// <param name="cancellationToken">Cancels the write; the segment is unusable then.</param>
    /// <exception cref="ArgumentException">The record would not follow the format.</exception>
    public ValueTask AppendDataAsync(
        Extent range, ChangeLogCodec codec, ReadOnlyMemory<byte> checksums, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (checksums.Length % BlockChecksum.LengthBytes != 0 || checksums.Length > MaxBlocksPerRecord * BlockChecksum.LengthBytes)
            throw new ArgumentException($"{checksums.Length} bytes are not 1 to {MaxBlocksPerRecord} checksums.", nameof(checksums));

        ushort count = (ushort)(checksums.Length / BlockChecksum.LengthBytes);
        RecordHead head = new(ChangeLogRecordKind.Data, codec, count, range.OffsetBytes, range.LengthBytes, (uint)data.Length);
        return AppendAsync(head, checksums, data, cancellationToken);
    }

    /// <summary>Appends a record that says: the range, whole blocks of any number, reads as zeros.</summary>
    /// <exception cref="ArgumentException">The record would not follow the format.</exception>
    public ValueTask AppendZerosAsync(Extent range, CancellationToken cancellationToken)
    {
        RecordHead head = new(ChangeLogRecordKind.Zero, ChangeLogCodec.Stored, 0, range.OffsetBytes, range.LengthBytes, 0);
        return AppendAsync(head, default, default, cancellationToken);
    }

    /// <summary>Writes the end record. The segment is whole then; the stream is neither flushed nor closed.</summary>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        byte[] checksum = _checksums.GetHashAndReset();
        RecordHead head = new(ChangeLogRecordKind.End, ChangeLogCodec.Stored, 0, RecordCount, _lengthSumBytes, 0);
        await WriteAsync(head, checksum, default, cancellationToken);
        _completed = true;
    }

    /// <summary>Gives the buffer for encrypted records back. The stream is not touched.</summary>
    public void Dispose() => _sealer?.Dispose();

    private static UInt128 NewSalt()
    {
        Span<byte> salt = stackalloc byte[16];
        RandomNumberGenerator.Fill(salt);
        return BinaryPrimitives.ReadUInt128BigEndian(salt);
    }

    private async ValueTask AppendAsync(
        RecordHead head, ReadOnlyMemory<byte> checksums, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await WriteAsync(head, checksums, data, cancellationToken);
        _checksums.Append(_head.AsSpan(RecordChecksumOffset, BlockChecksum.LengthBytes));
        _lengthSumBytes += head.LengthBytes;
        _rangeEndBytes = head.OffsetBytes + head.LengthBytes;
        RecordCount++;
    }

    private async ValueTask WriteAsync(
        RecordHead head, ReadOnlyMemory<byte> checksums, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (_completed)
            throw new InvalidOperationException($"The change log of {_header.Identity} is complete: nothing can be appended.");

        Memory<byte> bytes = _head.AsMemory(0, RecordHeadLengthBytes);
        head.Write(bytes.Span);
        if (head.FindFault(bytes.Span, _rangeEndBytes, _header.DiskSizeBytes) is { } fault)
            throw new ArgumentException($"The record cannot be appended to the change log of {_header.Identity}: {fault}.", nameof(head));

        if (_sealer is not null)
        {
            data = head.Kind == ChangeLogRecordKind.End ? _sealer.SealEnd(bytes.Span, checksums.Span) : _sealer.Seal(bytes.Span, checksums.Span, data.Span);
            checksums = default;
        }

        RecordChecksum.Compute(_recordHash, bytes.Span, checksums.Span, data.Span, bytes.Span[RecordChecksumOffset..]);
        await _stream.WriteAsync(bytes, cancellationToken);
        await _stream.WriteAsync(checksums, cancellationToken);
        await _stream.WriteAsync(data, cancellationToken);
        LengthBytes += bytes.Length + checksums.Length + data.Length;
    }
}
