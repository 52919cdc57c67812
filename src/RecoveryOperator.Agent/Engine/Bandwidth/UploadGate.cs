using RecoveryOperator.Replication.Bandwidth;
using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Agent.Engine.Bandwidth;

/// <summary>
/// Where the uploads of a host wait for their turn: bandwidth and concurrency of their machine and of the host (<see cref="UploadArbiter"/>). Changes hold at once, also for uploads that wait already.
/// </summary>
public sealed class UploadGate : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly UploadArbiter _arbiter;
    private readonly ITimer _timer;

    /// <param name="slots">Segments in memory at once, from 1.</param>
    /// <param name="prioritySlots">Segments in memory at once beside those, for lanes that bypass, from 1.</param>
    /// <param name="time">The clock.</param>
    public UploadGate(int slots, int prioritySlots, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _arbiter = new UploadArbiter(slots, prioritySlots, BandwidthSchedule.Unlimited, time.GetUtcNow());
        _timer = time.CreateTimer(_ => Change(() => { }), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A lane for a machine's uploads.</summary>
    public UploadLane Open(BandwidthSchedule schedule, int concurrency) => UploadArbiter.Open(schedule, concurrency, _time.GetUtcNow());

    /// <summary>Takes other limits for a lane.</summary>
    public void Change(UploadLane lane, BandwidthSchedule schedule, int concurrency) =>
        Change(() => UploadArbiter.Change(lane, schedule, concurrency, _time.GetUtcNow()));

    /// <summary>Takes another limit for all lanes together.</summary>
    public void ChangeHost(BandwidthSchedule schedule) => Change(() => _arbiter.Change(schedule, _time.GetUtcNow()));

    /// <summary>Lets a lane pass the queue, or not any more.</summary>
    public void SetBypass(UploadLane lane, bool bypass) => Change(() => UploadArbiter.SetBypass(lane, bypass));

    /// <summary>Waits for an upload's turn.</summary>
    /// <param name="lane">Its lane.</param>
    /// <param name="lengthBytes">What it sends.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>Ends the turn when it is disposed.</returns>
    public async Task<IDisposable> EnterAsync(UploadLane lane, long lengthBytes, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter = new(this, lane, lengthBytes);
        Change(() => _arbiter.Enqueue(waiter));
        await using CancellationTokenRegistration cancellation = cancellationToken.Register(() => Change(() =>
        {
            if (_arbiter.Withdraw(waiter))
                waiter.Turn.TrySetCanceled(cancellationToken);
        }));
        return await waiter.Turn.Task;
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            DateTimeOffset now = _time.GetUtcNow();
            while (_arbiter.Admit(now) is Waiter admitted)
                admitted.Turn.TrySetResult(admitted);
            _timer.Change(_arbiter.WakeAt(now) is { } wake ? Shorter(wake - now) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Whole milliseconds, rounded up: a timer that fires too early would only be set again.</summary>
    private static TimeSpan Shorter(TimeSpan wait) => wait > LongestWait ? LongestWait : TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));

    private sealed class Waiter(UploadGate gate, UploadLane lane, long lengthBytes) : UploadTicket(lane, lengthBytes), IDisposable
    {
        private bool _ended;

        public TaskCompletionSource<IDisposable> Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _ended, true))
                gate.Change(() => gate._arbiter.Complete(this));
        }
    }
}
