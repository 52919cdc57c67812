namespace RecoveryOperator.Vault.Storage;

/// <summary>
/// What is sent, so that a failure to read it is told from one of the storage or of the way to it: it is remembered, and cancels the request, because sending what cannot be read again does not
/// help.
/// </summary>
/// <param name="inner">What is read. It belongs to the caller.</param>
/// <param name="sending">Cancelled when it cannot be read.</param>
internal sealed class SourceStream(Stream inner, CancellationTokenSource sending) : Stream
{
    private volatile Exception? _failure;

    /// <summary>Why it could not be read; null when it could.</summary>
    public Exception? Failure => _failure;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => Seek(value, SeekOrigin.Begin);
    }

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return inner.Read(buffer);
        }
        catch (Exception fault)
        {
            Remember(fault);
            throw;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await inner.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            Remember(fault);
            throw;
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override long Seek(long offset, SeekOrigin origin)
    {
        try
        {
            return inner.Seek(offset, origin);
        }
        catch (Exception fault)
        {
            Remember(fault);
            throw;
        }
    }

    public override void Flush()
    {
        // Nothing is written.
    }

    public override void SetLength(long value) => throw new NotSupportedException("What is sent is only read.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("What is sent is only read.");

    private void Remember(Exception fault)
    {
        _failure ??= fault;
        _ = sending.CancelAsync(); // Not within the reading: whoever reads may be what is cancelled.
    }
}
