using System.Diagnostics.CodeAnalysis;
using RecoveryOperator.Kubernetes.Metrics;

namespace RecoveryOperator.Kubernetes.Queues;

/// <summary>
/// Keys that need work. A key waits at most once and is never worked on twice at the same time: added while in work, it is handed out
/// again afterwards. Failures space a key out exponentially; delayed keys keep the earliest of their times, and are cleared when the
/// key is handed out, since that work decides anew. It lives in memory only: a new process lists everything and starts over.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "It is a queue; the field's own name for it is work queue.")]
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly WorkQueueOptions _options;
    private readonly TimeProvider _time;
    private readonly KubernetesInstruments _instruments;
    private readonly Random _random;
    private readonly Queue<TKey> _ready = new();
    private readonly Dictionary<TKey, long> _dirty = [];
    private readonly Dictionary<TKey, long> _processing = [];
    private readonly Dictionary<TKey, int> _failures = [];
    private readonly DelayedKeys<TKey> _delayed = new();
    private readonly ITimer _timer;
    private readonly SemaphoreSlim _available = new(0);
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _shutDown;

    /// <summary>Creates an empty queue.</summary>
    /// <param name="options">How retries are spaced.</param>
    /// <param name="timeProvider">Measures waits and delays.</param>
    /// <param name="instruments">Counts keys.</param>
    /// <param name="random">Where jitter comes from; a shared source unless given.</param>
    public WorkQueue(WorkQueueOptions options, TimeProvider timeProvider, KubernetesInstruments instruments, Random? random = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        ArgumentNullException.ThrowIfNull(instruments);
        (_options, _time, _instruments, _random) = (options, timeProvider, instruments, random ?? Random.Shared);
        _timer = timeProvider.CreateTimer(_ => ReleaseDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        instruments.ObserveDepth(options.Name, () => Depth);
    }

    /// <summary>How many keys are ready and not taken.</summary>
    public int Depth
    {
        get
        {
            lock (_lock)
                return _ready.Count;
        }
    }

    /// <summary>Makes a key ready now; nothing happens if it already is.</summary>
    public void Add(TKey key)
    {
        lock (_lock)
            AddLocked(key);
    }

    /// <summary>Makes a key ready after <paramref name="delay"/>, or earlier if it is already due earlier.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        lock (_lock)
            AddAfterLocked(key, delay);
    }

    /// <summary>Makes a key ready after its back-off: doubled per failure since <see cref="Forget"/>, up to a fifth added at random.</summary>
    /// <returns>The wait.</returns>
    public TimeSpan AddWithBackoff(TKey key)
    {
        lock (_lock)
        {
            var failures = _failures.GetValueOrDefault(key);
            _failures[key] = Math.Min(failures + 1, 30);
            var wait = Math.Min(_options.BackoffMaximum.TotalMilliseconds, _options.BackoffInitial.TotalMilliseconds * Math.Pow(2, failures));
            var delay = TimeSpan.FromMilliseconds(wait * (1 + (0.2 * _random.NextDouble())));
            AddAfterLocked(key, delay);
            _instruments.KeyRetried(_options.Name);
            return delay;
        }
    }

    /// <summary>The work on a key succeeded: its next failure starts with the shortest wait.</summary>
    public void Forget(TKey key)
    {
        lock (_lock)
            _failures.Remove(key);
    }

    /// <summary>Takes the next ready key, waiting for one; every key taken must be given to <see cref="Done"/>.</summary>
    /// <returns>The key, or found = false after <see cref="ShutDown"/>.</returns>
    public async Task<(bool Found, TKey Key)> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _available.WaitAsync(cancellationToken);
            lock (_lock)
            {
                if (_shutDown)
                {
                    _available.Release();
                    return (false, default!);
                }

                if (_ready.TryDequeue(out var key))
                {
                    StartLocked(key);
                    return (true, key);
                }
            }
        }
    }

    /// <summary>The work on a taken key ended. If it was added meanwhile it is ready again.</summary>
    public void Done(TKey key)
    {
        lock (_lock)
        {
            if (_processing.Remove(key, out var started))
                _instruments.KeyDone(_options.Name, _time.GetElapsedTime(started));
            if (_dirty.ContainsKey(key))
                EnqueueLocked(key);
            CompleteDrainLocked();
        }
    }

    /// <summary>Hands out no more keys and accepts none; what is in work goes on. Waiting keys are dropped: the next process finds them by listing.</summary>
    public void ShutDown()
    {
        lock (_lock)
        {
            if (_shutDown)
                return;
            _shutDown = true;
            _ready.Clear();
            _dirty.Clear();
            _delayed.Clear();
            _available.Release();
            CompleteDrainLocked();
        }
    }

    /// <summary>Waits, after <see cref="ShutDown"/>, until no key is in work.</summary>
    public Task DrainAsync(CancellationToken cancellationToken) => _drained.Task.WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        ShutDown();
        _timer.Dispose();
    }

    private void AddLocked(TKey key)
    {
        if (_shutDown || !_dirty.TryAdd(key, _time.GetTimestamp()))
            return;
        _instruments.KeyReady(_options.Name);
        if (!_processing.ContainsKey(key))
            EnqueueLocked(key);
    }

    private void AddAfterLocked(TKey key, TimeSpan delay)
    {
        if (_shutDown)
            return;
        if (delay <= TimeSpan.Zero)
        {
            AddLocked(key);
            return;
        }

        _delayed.Add(key, _time.GetUtcNow() + delay);
        ArmLocked();
    }

    private void EnqueueLocked(TKey key)
    {
        _ready.Enqueue(key);
        _available.Release();
    }

    private void StartLocked(TKey key)
    {
        _dirty.Remove(key, out var added);
        _delayed.Remove(key);
        _processing[key] = _time.GetTimestamp();
        _instruments.KeyTaken(_options.Name, _time.GetElapsedTime(added));
    }

    private void ReleaseDue()
    {
        lock (_lock)
        {
            while (_delayed.TryTake(_time.GetUtcNow(), out var key))
                AddLocked(key);
            ArmLocked();
        }
    }

    private void ArmLocked()
    {
        if (_delayed.NextDue() is not { } due)
            return;
        // A millisecond more, since timers round down and would fire just before the key is due.
        var wait = due - _time.GetUtcNow() + TimeSpan.FromMilliseconds(1);
        _timer.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private void CompleteDrainLocked()
    {
        if (_shutDown && _processing.Count == 0)
            _drained.TrySetResult();
    }
}
