namespace RecoveryOperator.Replication.Schedule;

/// <summary>How long sets took from their instant to their commit, in the last hour. Not for concurrent use.</summary>
public sealed class LatencyLedger
{
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly Queue<(DateTimeOffset At, TimeSpan Latency)> _entries = new();

    /// <summary>A set was committed.</summary>
    /// <param name="instant">Its instant.</param>
    /// <param name="committedAt">When it was committed; one that seems to come before the instant took no time.</param>
    public void Committed(DateTimeOffset instant, DateTimeOffset committedAt) =>
        _entries.Enqueue((committedAt, committedAt > instant ? committedAt - instant : TimeSpan.Zero));

    /// <summary>The mean of the hour before <paramref name="now"/>; null without a set.</summary>
    public TimeSpan? Mean(DateTimeOffset now)
    {
        while (_entries.TryPeek(out var oldest) && oldest.At <= now - Window)
            _entries.Dequeue();
        return _entries.Count == 0 ? null : TimeSpan.FromTicks((long)_entries.Average(entry => entry.Latency.Ticks));
    }
}
