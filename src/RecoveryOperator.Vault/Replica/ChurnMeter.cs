using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// How fast the disks of one replica change, by the instants of their sets: what the guest asks for, not what this applier manages. Full copies are left out. A restart begins a
/// new window; what was told before stays until a whole one says otherwise.
/// </summary>
internal sealed class ChurnMeter(ChurnLimits limits)
{
    private readonly Queue<(DateTimeOffset Instant, Dictionary<int, (long Bytes, long Requests)> Disks)> _sets = new();
    private Dictionary<int, (long Bytes, long Requests)> _current = [];
    private DateTimeOffset? _before;

    /// <summary>A disk was written for the set of an instant. The same again, after a failure, counts once.</summary>
    public void Add(int disk, DateTimeOffset instant, long bytes, long requests)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(disk);
        if (_sets.Count == 0 || _sets.Last().Instant < instant)
            _current[disk] = (bytes, requests);
    }

    /// <summary>A set is applied: the disk that exceeds a limit over the window, or null when none does.</summary>
    /// <param name="instant">The set's instant.</param>
    /// <param name="known">What was told last; it stays while there is no whole window to judge by.</param>
    public ChurnRecord? Judge(DateTimeOffset instant, ChurnRecord? known)
    {
        if (_before is null || instant <= _before || (_sets.Count > 0 && instant <= _sets.Last().Instant))
        {
            _before ??= instant;
            _current = [];
            return known;
        }

        _sets.Enqueue((instant, _current));
        _current = [];
        while (_sets.Count > 1 && instant - _sets.Peek().Instant >= limits.Window)
            _before = _sets.Dequeue().Instant;
        TimeSpan window = instant - _before.Value;
        if (window < limits.Window)
            return known;

        // Told again once a window: a text that changes with every set would be a status write for every set.
        ChurnRecord? fastest = Fastest(window, _before.Value, instant);
        return fastest is not null && known?.Disk == fastest.Disk && instant - known.To < limits.Window ? known : fastest;
    }

    private ChurnRecord? Fastest(TimeSpan window, DateTimeOffset from, DateTimeOffset to) => _sets
        .SelectMany(set => set.Disks)
        .GroupBy(disk => disk.Key, disk => disk.Value)
        .Select(disk => new ChurnRecord(disk.Key, disk.Sum(set => set.Bytes) / window.TotalSeconds, disk.Sum(set => set.Requests) / window.TotalSeconds, from, to))
        .Where(disk => disk.BytesPerSecond > limits.BytesPerSecond || disk.RequestsPerSecond > limits.RequestsPerSecond)
        .MaxBy(disk => Math.Max(disk.BytesPerSecond / limits.BytesPerSecond, disk.RequestsPerSecond / limits.RequestsPerSecond));
}
