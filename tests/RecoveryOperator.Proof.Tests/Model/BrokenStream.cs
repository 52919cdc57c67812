namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>Ends as a connection does that breaks in the middle of a body.</summary>
internal sealed class BrokenStream(ReadOnlyMemory<byte> head) : Stream
{
    private ReadOnlyMemory<byte> _rest = head;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException("The length of a broken body is not known.");

    public override long Position
    {
        get => throw new NotSupportedException("A body has no position.");
        set => throw new NotSupportedException("A body has no position.");
    }

    public override int Read(Span<byte> buffer)
    {
        if (_rest.IsEmpty && !buffer.IsEmpty)
            throw new IOException("The response ended prematurely.");
        int length = Math.Min(buffer.Length, _rest.Length);
        _rest.Span[..length].CopyTo(buffer);
        _rest = _rest[length..];
        return length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer.AsSpan(offset, count)));

    public override void Flush()
    {
        // Nothing was written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A body is read once.");

    public override void SetLength(long value) => throw new NotSupportedException("A body is read once.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A body is read only.");
}
