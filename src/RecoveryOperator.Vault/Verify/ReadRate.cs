namespace RecoveryOperator.Vault.Verify;

/// <summary>A limit of bytes a second. Whoever reads waits for its turn; turns are given in the order asked. Thread-safe.</summary>
/// <param name="bytesPerSecond">Above zero.</param>
/// <param name="time">Clock of turns.</param>
public sealed class ReadRate(long bytesPerSecond, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long _bytesPerSecond = bytesPerSecond > 0 ? bytesPerSecond : throw new ArgumentOutOfRangeException(nameof(bytesPerSecond));
    private DateTimeOffset _next = DateTimeOffset.MinValue;

    /// <summary>Waits until so many bytes may be read. Time that nobody used is not saved up.</summary>
    public async Task WaitAsync(long bytes, CancellationToken cancellationToken)
    {
        TimeSpan wait;
        lock (_lock)
        {
            DateTimeOffset now = time.GetUtcNow();
            DateTimeOffset turn = _next > now ? _next : now;
            _next = turn + TimeSpan.FromSeconds((double)bytes / _bytesPerSecond);
            wait = turn - now;
        }

        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, time, cancellationToken);
    }
}
