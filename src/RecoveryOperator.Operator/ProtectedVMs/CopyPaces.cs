using System.Collections.Concurrent;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>How fast bytes of one protection move.</summary>
/// <param name="CopyBytesPerSecond">Of a full copy or resynchronization; null while not measured.</param>
/// <param name="ShipBytesPerSecond">Of shipping; null while not measured.</param>
internal sealed record CopyPace(long? CopyBytesPerSecond, long? ShipBytesPerSecond)
{
    /// <summary>Nothing is measured.</summary>
    public static CopyPace Unknown { get; } = new(null, null);
}

/// <summary>Measures paces from what agents say at each visit. Only in memory: a new process measures anew, and says nothing until it has.</summary>
internal sealed class CopyPaces(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ShortestMeasure = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<(string Protection, bool OfCopy), Queue<Sample>> _samples = new();

    /// <summary>Takes note of what the agent says now.</summary>
    /// <param name="protectionId">The protection.</param>
    /// <param name="copiedBytes">Bytes of the copy done; null when none runs.</param>
    /// <param name="shippedBytes">Bytes shipped in all.</param>
    public CopyPace Observe(string protectionId, long? copiedBytes, long? shippedBytes) =>
        new(Observe((protectionId, true), copiedBytes), Observe((protectionId, false), shippedBytes));

    public void Forget(string protectionId)
    {
        _samples.TryRemove((protectionId, true), out _);
        _samples.TryRemove((protectionId, false), out _);
    }

    private long? Observe((string, bool) key, long? bytes)
    {
        if (bytes is not { } now)
        {
            _samples.TryRemove(key, out _);
            return null;
        }

        var samples = _samples.GetOrAdd(key, _ => new());
        lock (samples)
            return Measure(samples, new(time.GetUtcNow(), now));
    }

    /// <summary>The oldest sample that is kept is the last one from before the window: seldom visits measure too.</summary>
    private static long? Measure(Queue<Sample> samples, Sample now)
    {
        if (samples.LastOrDefault() is { } last && (now.Bytes < last.Bytes || now.At < last.At))
            samples.Clear();
        if (samples.Count == 0 || now.At - samples.Last().At >= ShortestPause)
            samples.Enqueue(now);
        while (samples.Skip(1).FirstOrDefault() is { } second && now.At - second.At >= Window)
            samples.Dequeue();
        var first = samples.Peek();
        return now.At - first.At >= ShortestMeasure ? (long)((now.Bytes - first.Bytes) / (now.At - first.At).TotalSeconds) : null;
    }

    private sealed record Sample(DateTimeOffset At, long Bytes);
}
