namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>
/// Chunks of disks in the vault that were read of late. What is asked for by several at once is fetched once; a fetch that failed is forgotten. Chunks never change (they
/// are of snapshots) and are handed out as they are: an evicted one stays valid for whoever has it.
/// </summary>
/// <param name="limitBytes">Memory that it may keep, in bytes; chunks that are being fetched come on top.</param>
internal sealed class ChunkCache(long limitBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Disk, long Chunk), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = new();
    private long _keptBytes;

    /// <summary>What it keeps, in bytes.</summary>
    internal long KeptBytes
    {
        get
        {
            lock (_lock) return _keptBytes;
        }
    }

    private sealed record Entry((string Disk, long Chunk) Key, Task<byte[]> Content);

    /// <summary>The chunk: kept, under way, or fetched now.</summary>
    public Task<byte[]> GetAsync(string disk, long chunk, Func<Task<byte[]>> fetch)
    {
        var key = (disk, chunk);
        TaskCompletionSource<byte[]> fetched;
        LinkedListNode<Entry> node;
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var known))
            {
                _byUse.Remove(known);
                _byUse.AddFirst(known);
                return known.Value.Content;
            }

            fetched = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
            node = _byUse.AddFirst(new Entry(key, fetched.Task));
            _entries.Add(key, node);
        }

        _ = FillAsync(node, fetched, fetch);
        return fetched.Task;
    }

    private async Task FillAsync(LinkedListNode<Entry> node, TaskCompletionSource<byte[]> fetched, Func<Task<byte[]>> fetch)
    {
        try
        {
            var content = await fetch().ConfigureAwait(false);
            lock (_lock) Keep(content.Length);
            fetched.SetResult(content);
        }
        catch (Exception error)
        {
            lock (_lock) Forget(node);
            fetched.SetException(error);
            _ = fetched.Task.Exception; // Read ahead, nobody may have asked for it; whoever did is told.
        }
    }

    private void Keep(int lengthBytes)
    {
        _keptBytes += lengthBytes;
        for (var oldest = _byUse.Last; oldest is not null && _keptBytes > limitBytes;)
        {
            var next = oldest.Previous;
            if (oldest.Value.Content.IsCompletedSuccessfully)
            {
                _keptBytes -= oldest.Value.Content.Result.Length;
                Forget(oldest);
            }

            oldest = next;
        }
    }

    private void Forget(LinkedListNode<Entry> node)
    {
        _entries.Remove(node.Value.Key);
        _byUse.Remove(node);
    }
}
