namespace RecoveryOperator.Agent.Engine;

/// <summary>
/// Bounds memory and load over all protections of a host (P9): a capture holds about 16 MiB. Copies have slots of their own: one reads for hours, at the speed of
/// the line, and the deltas of other machines must not wait for that.
/// </summary>
/// <param name="captures">Machines that are cut at once, from 1.</param>
/// <param name="urgentCaptures">Machines that are cut or copied at once beside those, because a failover waits for them, from 1.</param>
/// <param name="copies">Machines that are copied or compared at once beside those, from 1; as many as captures when null.</param>
public sealed class EngineSlots(int captures, int urgentCaptures = 2, int? copies = null) : IDisposable
{
    private readonly SemaphoreSlim _captures = new(captures);
    private readonly SemaphoreSlim _copies = new(copies ?? captures);
    private readonly SemaphoreSlim _urgent = new(urgentCaptures);

    /// <summary>Waits for the right to cut a machine; taken before its snapshot is opened, so that none is open while it waits.</summary>
    /// <param name="urgent">Done when a failover waits for this machine: it no longer waits behind replication.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    public Task<IDisposable> CaptureAsync(Task urgent, CancellationToken cancellationToken) => TakeAsync(_captures, urgent, cancellationToken);

    /// <summary>Waits for the right to copy a machine, or to compare it with its replica, from one snapshot; given back when that is closed.</summary>
    /// <param name="urgent">Done when a failover waits for this machine: it no longer waits behind replication.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    public Task<IDisposable> CopyAsync(Task urgent, CancellationToken cancellationToken) => TakeAsync(_copies, urgent, cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _captures.Dispose();
        _copies.Dispose();
        _urgent.Dispose();
    }

    private async Task<IDisposable> TakeAsync(SemaphoreSlim slots, Task urgent, CancellationToken cancellationToken)
    {
        using CancellationTokenSource waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<IDisposable> ordinary = TakeAsync(slots, waiting.Token);
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
