using System.Threading.Channels;

namespace RecoveryOperator.Agent.Engine;

/// <summary>Wakes a loop before its time. Calls that came while it was busy count as one; calls after its end are heard by nobody, and harm nobody.</summary>
internal sealed class WakeUp(TimeProvider time)
{
    /// <summary>A timer takes no more than 49 days. Whoever wakes looks at the clock again.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private readonly Channel<bool> _calls = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>There is something to do.</summary>
    public void Call() => _calls.Writer.TryWrite(true);

    /// <summary>Waits for a call, at most for <paramref name="delay"/>, and never longer than a day for anything but a call.</summary>
    public async Task WaitAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        using CancellationTokenSource waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task elapsed = Task.Delay(delay < Longest ? delay : Longest, time, waiting.Token);
        Task called = _calls.Reader.ReadAsync(waiting.Token).AsTask();
        await Task.WhenAny(elapsed, called);
        await waiting.CancelAsync();
        await Task.WhenAll(elapsed, called).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // One of them was canceled just now.
        cancellationToken.ThrowIfCancellationRequested();
    }
}
