namespace RecoveryOperator.Agent.VaultRole;

/// <summary>
/// Bounds how many replicas are applied at a time, whoever asks: each takes about 60 MiB. Somebody who waits (a failover) comes before rounds of the worker.
/// </summary>
internal sealed class ApplySlots(VaultRoleOptions options)
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource> _hurried = new();
    private readonly LinkedList<TaskCompletionSource> _waiting = new();
    private int _free = options.ParallelReplicas;

    /// <summary>Takes a slot; it is given back by disposing what this returns.</summary>
    public async Task<IDisposable> TakeAsync(bool hurried, CancellationToken cancellationToken)
    {
        LinkedListNode<TaskCompletionSource>? place = Enter(hurried ? _hurried : _waiting);
        if (place is not null)
            await WaitAsync(place, cancellationToken);

        return new Slot(this);
    }

    private LinkedListNode<TaskCompletionSource>? Enter(LinkedList<TaskCompletionSource> queue)
    {
        lock (_lock)
        {
            if (_free > 0)
            {
                _free--;
                return null;
            }

            return queue.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
    }

    private async Task WaitAsync(LinkedListNode<TaskCompletionSource> place, CancellationToken cancellationToken)
    {
        await using CancellationTokenRegistration registration = cancellationToken.Register(() => place.Value.TrySetCanceled(cancellationToken));
        try
        {
            await place.Value.Task;
        }
        catch (OperationCanceledException)
        {
            lock (_lock)
                place.List?.Remove(place);
            throw;
        }
    }

    private void Release()
    {
        lock (_lock)
        {
            while ((_hurried.First ?? _waiting.First) is { } next)
            {
                next.List!.Remove(next);
                if (next.Value.TrySetResult())
                    return;
            }

            _free++;
        }
    }

    private sealed class Slot(ApplySlots slots) : IDisposable
    {
        private ApplySlots? _slots = slots;

        public void Dispose() => Interlocked.Exchange(ref _slots, null)?.Release();
    }
}
