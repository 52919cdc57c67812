namespace RecoveryOperator.Hypervisors.Nbd;

/// <summary>A part of an export with its state flags in the agreed metadata context.</summary>
internal readonly record struct NbdStatus(long LengthBytes, uint Flags);

/// <summary>
/// One request in flight. Its buffer belongs to the caller, so a cancelled caller is let go only while nothing is being received into it;
/// what arrives afterwards is thrown away.
/// </summary>
internal sealed class NbdRequest(ushort command, long offsetBytes, int lengthBytes, Memory<byte> buffer)
{
    private const int Waiting = 0;
    private const int Filling = 1;
    private const int Abandoned = 2;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;
    private CancellationToken _cancellation;
    private int _filledBytes;

    public ushort Command { get; } = command;

    public long OffsetBytes { get; } = offsetBytes;

    public int LengthBytes { get; } = lengthBytes;

    /// <summary>What a block status request was answered.</summary>
    public List<NbdStatus> Statuses { get; } = [];

    public Exception? Error { get; set; }

    /// <summary>Ends with the answer; with cancellation as soon as the buffer is not in use.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        _cancellation = cancellationToken;
        await using (cancellationToken.UnsafeRegister(static request => ((NbdRequest)request!).AbandonIfIdle(), this).ConfigureAwait(false))
            await _completion.Task.ConfigureAwait(false);
    }

    /// <summary>The part of the buffer that a chunk is received into, or null when it is to be thrown away.</summary>
    public Memory<byte>? BeginFill(long offsetBytes, int lengthBytes)
    {
        var start = offsetBytes - OffsetBytes;
        if (start < 0 || start + lengthBytes > LengthBytes)
            throw new NbdException($"the server answered {lengthBytes} bytes at {offsetBytes} to a read of {LengthBytes} bytes at {OffsetBytes}");
        _filledBytes += lengthBytes;
        if (Interlocked.CompareExchange(ref _state, Filling, Waiting) != Waiting) return null;
        return buffer.Slice((int)start, lengthBytes);
    }

    public void EndFill()
    {
        Interlocked.CompareExchange(ref _state, Waiting, Filling);
        if (_cancellation.IsCancellationRequested) AbandonIfIdle();
    }

    /// <summary>The last chunk came, or none will come any more.</summary>
    public void Complete(Exception? failure)
    {
        var error = failure ?? Error;
        if (error is null && Command == NbdProtocol.CommandRead && _filledBytes != LengthBytes)
            error = new NbdException($"the server answered {_filledBytes} bytes to a read of {LengthBytes} bytes at {OffsetBytes}");
        if (error is null) _completion.TrySetResult();
        else _completion.TrySetException(error);
    }

    private void AbandonIfIdle()
    {
        if (Interlocked.CompareExchange(ref _state, Abandoned, Waiting) == Waiting) _completion.TrySetCanceled(_cancellation);
    }
}
