namespace RecoveryOperator.Agent.Engine;

/// <summary>
/// Bounds memory and load over all protections of a host (P9): a capture holds about 16 MiB.
/// </summary>
/// <param name="captures">Machines that are cut at once, from 1.</param>
/// <param name="urgentCaptures">Machines that are cut at once beside those, because a failover waits for them, from 1.</param>
public sealed class EngineSlots(int captures, int urgentCaptures = 2) : IDisposable
{
    private readonly SemaphoreSlim _captures = new(captures);
    private readonly SemaphoreSlim _urgent = new(urgentCaptures);

    /// <summary>Waits for the right to cut a machine; taken before its snapshot is opened, so that none is open while it waits.</summary>
    /// <param name="urgent">Done when a failover waits for this machine: it no longer waits behind replication.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    public async Task<IDisposable> CaptureAsync(Task urgent, CancellationToken cancellationToken)
    {
        using CancellationTokenSource waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<IDisposable> ordinary = TakeAsync(_captures, waiting.Token);
        if (await Task.WhenAny(ordinary, urgent) == urgent)
            await waiting.CancelAsync();
        try
        {
            return await ordinary;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return await TakeAsync(_urgent, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _captures.Dispose();
        _urgent.Dispose();
    }

    private static async Task<IDisposable> TakeAsync(SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        await slots.WaitAsync(cancellationToken);
        return new Slot(slots);
    }

    private sealed class Slot(SemaphoreSlim slots) : IDisposable
    {
        public void Dispose() => slots.Release();
    }
}
