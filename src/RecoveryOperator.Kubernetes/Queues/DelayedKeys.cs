namespace RecoveryOperator.Kubernetes.Queues;

/// <summary>Keys that become due later; of two times for a key the earlier counts. Not thread-safe: its queue locks.</summary>
internal sealed class DelayedKeys<TKey>
    where TKey : notnull
{
    private readonly Dictionary<TKey, DateTimeOffset> _due = [];
    private readonly PriorityQueue<TKey, DateTimeOffset> _order = new();

    public int Count => _due.Count;

    /// <summary>Entries that no longer count and wait to be dropped.</summary>
    public int Superseded => _order.Count - _due.Count;

    public void Add(TKey key, DateTimeOffset due)
    {
        if (_due.TryGetValue(key, out var known) && known <= due)
            return;
        _due[key] = due;
        _order.Enqueue(key, due);
        if (_order.Count > (2 * _due.Count) + 1024)
            Compact();
    }

    public void Remove(TKey key) => _due.Remove(key);

    public void Clear()
    {
        _due.Clear();
        _order.Clear();
    }

    /// <summary>When the next key is due; null if none waits.</summary>
    public DateTimeOffset? NextDue()
    {
        DropSuperseded();
        return _order.TryPeek(out _, out var due) ? due : null;
    }

    /// <summary>Takes the next key that is due.</summary>
    public bool TryTake(DateTimeOffset now, out TKey key)
    {
        DropSuperseded();
        if (_order.TryPeek(out var first, out var due) && due <= now)
        {
            _order.Dequeue();
            _due.Remove(first);
            key = first;
            return true;
        }

        key = default!;
        return false;
    }

    private void Compact()
    {
        _order.Clear();
        foreach (var (key, due) in _due)
            _order.Enqueue(key, due);
    }

    private void DropSuperseded()
    {
        while (_order.TryPeek(out var key, out var due) && (!_due.TryGetValue(key, out var known) || known != due))
            _order.Dequeue();
    }
}
