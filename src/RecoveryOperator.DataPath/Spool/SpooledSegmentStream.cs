using System.Security.Cryptography;
using RecoveryOperator.DataPath.ChangeLogs;

namespace RecoveryOperator.DataPath.Spool;

/// <summary>
/// Reads a finished segment's file from its beginning to its end, any number of times, and compares its SHA-256 with what was written each time: the last bytes of a file that changed are not
/// handed out. So a segment need not be held in memory to be sure of what is sent.
/// </summary>
public sealed class SpooledSegmentStream : Stream
{
    private readonly SpooledSegment _segment;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private SpooledSegmentStream(SpooledSegment segment, FileStream file) => (_segment, _file) = (segment, file);

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <summary>To its beginning only.</summary>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => _segment.LengthBytes;

    /// <inheritdoc/>
    public override long Position
    {
        get => _file.Position;
        set => Seek(value, SeekOrigin.Begin);
    }

    /// <summary>Opens the file.</summary>
    /// <exception cref="SpoolDamageException">It is missing, or has another length than what was written.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SpooledSegmentStream Open(SpooledSegment segment)
    {
        ArgumentNullException.ThrowIfNull(segment);
        FileStream file = OpenFile(segment);
        if (file.Length == segment.LengthBytes)
            return new SpooledSegmentStream(segment, file);

        long lengthBytes = file.Length;
        file.Dispose();
        throw new SpoolDamageException(segment, $"it has {lengthBytes} bytes, {segment.LengthBytes} were written");
    }

    /// <summary>Whether the segment says of itself that its payloads are encrypted. To be asked before anything is read.</summary>
    public bool IsEncrypted()
    {
        byte[] head = new byte[ChangeLogConstants.HeaderLengthBytes];
        int length = RandomAccess.Read(_file.SafeFileHandle, head, 0);
        return SegmentHeader.IsEncrypted(head.AsSpan(0, length));
    }

    /// <inheritdoc/>
    /// <exception cref="SpoolDamageException">The end is reached, and the file is not what was written.</exception>
    public override int Read(Span<byte> buffer) => buffer.IsEmpty ? 0 : Take(buffer[.._file.Read(buffer)]);

    /// <inheritdoc/>
    /// <exception cref="SpoolDamageException">The end is reached, and the file is not what was written.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            return 0;

        int length = await _file.ReadAsync(buffer, cancellationToken);
        return Take(buffer.Span[..length]);
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin)
    {
        if (offset != 0 || origin != SeekOrigin.Begin)
            throw new NotSupportedException("A segment is read from its beginning, so that all of it is verified.");
        _hash.GetHashAndReset();
        return _file.Seek(0, SeekOrigin.Begin);
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        // Nothing is written.
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException("A segment is only read.");

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A segment is only read.");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file.Dispose();
            _hash.Dispose();
        }

        base.Dispose(disposing);
    }

    private static FileStream OpenFile(SpooledSegment segment)
    {
        try
        {
            return new FileStream(segment.Path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SpoolDamageException(segment, "the file is missing");
        }
    }

    private int Take(ReadOnlySpan<byte> read)
    {
        _hash.AppendData(read);
        if (read.IsEmpty && Position < Length)
            throw new SpoolDamageException(_segment, $"it ends before {Length} bytes");
        if (read.IsEmpty || Position < Length)
            return read.Length;

        string actual = Convert.ToHexStringLower(_hash.GetCurrentHash());
        return actual == _segment.Sha256 ? read.Length
            : throw new SpoolDamageException(_segment, $"its SHA-256 is {actual}, {_segment.Sha256} was written");
    }
}
