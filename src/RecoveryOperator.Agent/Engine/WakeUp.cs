using System.Threading.Channels;

namespace RecoveryOperator.Agent.Engine;

/// <summary>Wakes a loop before its time. Calls that came while it was busy count as one; calls after its end are heard by nobody, and harm nobody.</summary>
internal sealed class WakeUp(TimeProvider time)
{
    private readonly Channel<bool> _calls = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>There is something to do.</summary>
    public void Call() => _calls.Writer.TryWrite(true);

    /// <summary>Waits for a call, at most for <paramref name="delay"/>.</summary>
    public async Task WaitAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        using CancellationTokenSource waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task elapsed = Task.Delay(delay, time, waiting.Token);
        Task called = _calls.Reader.ReadAsync(waiting.Token).AsTask();
        await Task.WhenAny(elapsed, called);
        await waiting.CancelAsync();
        await Task.WhenAll(elapsed, called).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // One of them was canceled just now.
        cancellationToken.ThrowIfCancellationRequested();
    }
}
