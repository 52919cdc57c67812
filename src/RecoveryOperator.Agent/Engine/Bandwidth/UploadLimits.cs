using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Bandwidth;

namespace RecoveryOperator.Agent.Engine.Bandwidth;

/// <summary>Bandwidth and concurrency of one machine's uploads, as they are desired now.</summary>
internal sealed class UploadLimits
{
    private const int DefaultConcurrency = 4;

    private readonly Lock _lock = new();
    private readonly UploadGate _gate;
    private readonly UploadLane _lane;
    private TaskCompletionSource _urgent = NewSignal();
    private int _bypasses;

    public UploadLimits(UploadGate gate, DesiredProtection desired)
    {
        _gate = gate;
        _lane = gate.Open(BandwidthMapping.ToSchedule(desired.Bandwidth, desired.TimeZone), ConcurrencyOf(desired));
    }

    /// <summary>Its place in the gate.</summary>
    public UploadLane Lane => _lane;

    /// <summary>Uploads at once, 1 to 32.</summary>
    public int Concurrency => _lane.Concurrency;

    /// <summary>Done while a failover waits for the machine.</summary>
    public Task Urgent
    {
        get
        {
            lock (_lock)
                return _urgent.Task;
        }
    }

    /// <summary>Takes what is desired now; uploads that wait already follow it.</summary>
    public void Change(DesiredProtection desired) =>
        _gate.Change(_lane, BandwidthMapping.ToSchedule(desired.Bandwidth, desired.TimeZone), ConcurrencyOf(desired));

    /// <summary>Waits for an upload's turn; disposing ends it.</summary>
    public Task<IDisposable> EnterAsync(long lengthBytes, CancellationToken cancellationToken) => _gate.EnterAsync(_lane, lengthBytes, cancellationToken);

    /// <summary>Until it is disposed the machine waits neither for bandwidth nor behind others.</summary>
    public IDisposable Bypass()
    {
        lock (_lock)
        {
            _bypasses++;
            _gate.SetBypass(_lane, true);
            _urgent.TrySetResult();
        }

        return new BypassEnd(this);
    }

    private static int ConcurrencyOf(DesiredProtection desired) =>
        desired.UploadConcurrency > 0 ? Math.Min(desired.UploadConcurrency, UploadLane.MaxConcurrency) : DefaultConcurrency;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void EndBypass()
    {
        lock (_lock)
        {
            if (--_bypasses > 0)
                return;
            _gate.SetBypass(_lane, false);
            _urgent = NewSignal();
        }
    }

    private sealed class BypassEnd(UploadLimits limits) : IDisposable
    {
        private bool _ended;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _ended, true))
                limits.EndBypass();
        }
    }
}
