namespace RecoveryOperator.Hypervisors.Images.Machines;

/// <summary>
/// Exclusive lock on a file (flock), across processes; the kernel lets go of it when the holder dies, whatever way.
/// </summary>
internal sealed class MachineLock : IDisposable
{
    private const int WouldBlock = 11; // EAGAIN, .NET's HResult for a file that somebody else has locked
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(4);
    private readonly FileStream file;

    private MachineLock(FileStream file) => this.file = file;

    /// <summary>Takes the lock at once, or answers null when somebody else has it.</summary>
    public static MachineLock? TryAcquire(string path)
    {
        try
        {
            return new MachineLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            // Somebody else has it: that is the answer, not an error.
            return null;
        }
    }

    /// <summary>
    /// Waits for the lock; null when it was not to be had in time. Whoever waits holds the turn, a second lock: one who lets go of the lock and
    /// wants it again at once comes after those who waited.
    /// </summary>
    public static async Task<MachineLock?> AcquireAsync(
        string path, TimeSpan timeout, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var started = timeProvider.GetTimestamp();
        using var turn = await PollAsync(path + ".turn", started, timeout, timeProvider, cancellationToken);
        return turn is null ? null : await PollAsync(path, started, timeout, timeProvider, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private static async Task<MachineLock?> PollAsync(
        string path, long started, TimeSpan timeout, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryAcquire(path) is { } taken)
            {
                return taken;
            }

            if (timeProvider.GetElapsedTime(started) >= timeout)
            {
                return null;
            }

            await Task.Delay(PollInterval, timeProvider, cancellationToken);
        }
    }
}
