namespace RecoveryOperator.Agent.Engine;

/// <summary>One lock per protection: what is put, fenced or removed of one comes after the other, and waits for no other protection's machine.</summary>
internal sealed class ChangeLocks
{
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Waits for the lock; dispose the result to release it.</summary>
    public async Task<IDisposable> TakeAsync(string protectionId, CancellationToken cancellationToken)
    {
        Entry entry = Enter(protectionId);
        try
        {
            await entry.Lock.WaitAsync(cancellationToken);
        }
        catch
        {
            Leave(protectionId, entry);
            throw;
        }

        return new Held(() =>
        {
            entry.Lock.Release();
            Leave(protectionId, entry);
        });
    }

    private Entry Enter(string protectionId)
    {
        lock (_entries)
        {
            if (!_entries.TryGetValue(protectionId, out Entry? entry))
                _entries.Add(protectionId, entry = new Entry());
            entry.Users++;
            return entry;
        }
    }

    private void Leave(string protectionId, Entry entry)
    {
        lock (_entries)
        {
            if (--entry.Users == 0)
                _entries.Remove(protectionId);
        }
    }

    private sealed class Held(Action release) : IDisposable
    {
        private Action? _release = release;

        public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
    }

    private sealed class Entry
    {
        public SemaphoreSlim Lock { get; } = new(1);

        public int Users { get; set; }
    }
}
