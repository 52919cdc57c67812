namespace RecoveryOperator.Hypervisors.Nbd;

/// <summary>A part of an export with its state flags in the agreed metadata context.</summary>
internal readonly record struct NbdStatus(long LengthBytes, uint Flags);

/// <summary>
/// One request in flight. Its buffer belongs to the caller, so a cancelled caller is let go only while nothing is being received into it;
/// what arrives afterwards is thrown away.
/// </summary>
internal sealed class NbdRequest(ushort command, long offsetBytes, int lengthBytes, Memory<byte> buffer)
{
    /// <summary>States of one answer that are kept: 16 MiB.</summary>
    private const int MostStatuses = 1 << 20;

    private const int Waiting = 0;
    private const int Filling = 1;
    private const int Abandoned = 2;
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _state;
    private CancellationToken _cancellation;
    private readonly NbdCoverage _filled = new(lengthBytes);
    private readonly List<NbdStatus> _statuses = [];
    private long _statusBytes;

    public ushort Command { get; } = command;

    public long OffsetBytes { get; } = offsetBytes;

    public int LengthBytes { get; } = lengthBytes;

    /// <summary>What a block status request was answered.</summary>
    public IReadOnlyList<NbdStatus> Statuses => _statuses;

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
        if (Command != NbdProtocol.CommandRead || lengthBytes <= 0 || offsetBytes < OffsetBytes || offsetBytes > OffsetBytes + LengthBytes - lengthBytes)
            throw Breach($"{lengthBytes} bytes at {offsetBytes}");
        var start = (int)(offsetBytes - OffsetBytes);
        if (!_filled.TryAdd(start, lengthBytes)) throw Breach($"{lengthBytes} bytes at {offsetBytes}, a part of them not for the first time, or in too many pieces");
        if (Interlocked.CompareExchange(ref _state, Filling, Waiting) != Waiting) return null;
        return buffer.Slice(start, lengthBytes);
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
        if (error is null && Command == NbdProtocol.CommandRead && !_filled.IsWhole) error = Breach($"{_filled.Bytes} bytes");
        if (error is null) _completion.TrySetResult();
        else _completion.TrySetException(error);
    }

    /// <summary>Takes in one state; the last one may reach beyond the range that was asked for.</summary>
    public void AddStatus(NbdStatus status)
    {
        if (Command != NbdProtocol.CommandBlockStatus || status.LengthBytes <= 0 || _statusBytes >= LengthBytes || _statuses.Count >= MostStatuses)
            throw Breach($"a state of {status.LengthBytes} bytes behind {_statuses.Count} states of {_statusBytes} bytes");
        _statusBytes += status.LengthBytes;
        _statuses.Add(status);
    }

    private NbdException Breach(string answer) =>
        new($"the server answered {answer} to a {(Command == NbdProtocol.CommandRead ? "read" : "block status request")} of {LengthBytes} bytes at {OffsetBytes}");

    private void AbandonIfIdle()
    {
        if (Interlocked.CompareExchange(ref _state, Abandoned, Waiting) == Waiting) _completion.TrySetCanceled(_cancellation);
    }
}
