namespace RecoveryOperator.Agent.Engine;

/// <summary>
/// Wakes a loop before its time. Calls that came while it was busy count as one; calls after its end are heard by nobody, and harm nobody. One waits at a time.
/// Waiting throws nothing inside: it ends once in every cycle of every machine.
/// </summary>
internal sealed class WakeUp(TimeProvider time)
{
    /// <summary>A timer takes no more than 49 days. Whoever wakes looks at the clock again.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private TaskCompletionSource _called = NewCall();

    /// <summary>There is something to do.</summary>
    public void Call()
    {
        lock (_lock)
            _called.TrySetResult();
    }

    /// <summary>Waits for a call, at most for <paramref name="delay"/>, and never longer than a day for anything but a call.</summary>
    public async Task WaitAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        Task called;
        lock (_lock)
            called = _called.Task;
        await called.WaitAsync(delay < Longest ? delay : Longest, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        await Task.Yield(); // Whose clock it is does not do the work of who waited.
        lock (_lock)
        {
            if (_called.Task.IsCompleted)
                _called = NewCall(); // What it was called for is looked at from here on.
        }
    }

    private static TaskCompletionSource NewCall() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
