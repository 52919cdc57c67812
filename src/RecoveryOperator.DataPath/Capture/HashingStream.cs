using System.Security.Cryptography;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>Passes writes on and takes their SHA-256 on the way. Does not own the inner stream.</summary>
internal sealed class HashingStream(Stream inner) : Stream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException("This stream only takes writes.");

    public override long Position
    {
        get => throw new NotSupportedException("This stream only takes writes.");
        set => throw new NotSupportedException("This stream only takes writes.");
    }

    /// <summary>SHA-256 of all that was written, in lower-case hexadecimal digits.</summary>
    public string Sha256() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public override void Flush() => inner.Flush();

    public override void Write(byte[] buffer, int offset, int count)
    {
        _hash.AppendData(buffer, offset, count);
        inner.Write(buffer, offset, count);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _hash.AppendData(buffer.Span);
        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("This stream only takes writes.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("This stream only takes writes.");

    public override void SetLength(long value) => throw new NotSupportedException("This stream only takes writes.");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _hash.Dispose();
        base.Dispose(disposing);
    }
}
