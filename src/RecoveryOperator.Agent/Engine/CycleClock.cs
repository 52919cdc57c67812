using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Cycle;
using RecoveryOperator.Replication.Retry;
using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Agent.Engine;

/// <summary>When a protection's cycles run: schedule, retries, requests, and what was missed. Used by the protection's loop only; its readings by anyone.</summary>
internal sealed class CycleClock
{
    /// <summary>A clock that is disciplined goes back by less: that is no reason for a cycle, nor to forget the last hour.</summary>
    private static readonly TimeSpan Steadiness = TimeSpan.FromSeconds(5);

    private readonly ProtectionContext _context;
    private CycleLedger _ledger;
    private LatencyLedger _latencies = new();
    private readonly Lock _lock = new();
    private DateTimeOffset _nextDue;
    private int _failures;
    private bool _requested;
    private CycleRest? _rest;

    public CycleClock(ProtectionContext context)
    {
        _context = context;
        _ledger = new CycleLedger(Now);
        // Behind the newest set, so that an agent that was away catches up at once.
        _nextDue = Schedule.NextAfter(context.Progress.Last?.Instant ?? Now);
    }

    public DateTimeOffset Now => _context.Services.Time.GetUtcNow();

    public Fault? Fault { get; private set; }

    public DateTimeOffset? RetryAt { get; private set; }

    public DateTimeOffset LastTryAt { get; private set; }

    public TimeSpan? LastDuration { get; private set; }

    public DateTimeOffset? NextCycle => _context.IsEnded || _context.Desired.Paused ? null : Fault is not null ? RetryAt : _rest is { } rest ? rest.Until : _nextDue;

    private CycleSchedule Schedule => new(_context.Desired.CopyFrequency.ToTimeSpan(), _context.Id);

    private bool InitialIncomplete => _context.Progress.Phase is EnginePhase.Pending or EnginePhase.Initial;

    /// <summary>Due times mean nothing now.</summary>
    private bool OffSchedule => InitialIncomplete || _context.Progress.Phase is EnginePhase.ResyncRequired or EnginePhase.Resynchronizing;

    public (long Due, long Missed) LastHour()
    {
        lock (_lock)
            return _ledger.LastHour(Now);
    }

    /// <summary>From a set's instant to its commit, over the last hour.</summary>
    public TimeSpan? MeanLatency()
    {
        lock (_lock)
            return _latencies.Mean(Now);
    }

    /// <summary>It rests until cuts leave the queue.</summary>
    public bool WaitsForRoom => _rest is { UntilRoom: true };

    /// <summary>A cycle is wanted now.</summary>
    public void Request() => Volatile.Write(ref _requested, true);

    /// <summary>What to do now; accounts for due times that passed while it was failing.</summary>
    public CycleDecision Decide()
    {
        if (_rest is { UntilRoom: true } && QueueLimits.Allow(_context))
            _rest = null;
        FollowClock();
        CycleDecision decision = CyclePlanner.Decide(new CycleFacts
        {
            Now = Now,
            NextDue = _nextDue,
            Paused = _context.Desired.Paused && !ResyncWishes.CancelIsDue(_context),
            Ended = _context.IsEnded,
            InitialIncomplete = OffSchedule,
            Resting = _rest is not null,
            RestUntil = _rest?.Until,
            Requested = Volatile.Read(ref _requested),
            Failed = Fault is not null,
            RetryAt = RetryAt,
        });
        bool counts = !_context.IsEnded && !_context.Desired.Paused && !OffSchedule;
        lock (_lock)
        {
            if (!counts)
                _ledger.Skip(Now);
            else if (Fault is not null && !decision.RunNow)
                _ledger.Account(Schedule, Now, succeeded: false);
        }

        return counts && Fault is not null && !decision.RunNow ? decision with { WakeAt = Earlier(decision.WakeAt, Schedule.NextAfter(Now)) } : decision;
    }

    /// <summary>A clock that was set back must not stop the cycles for as long: what waits for a time that it knew is tried now.</summary>
    private void FollowClock()
    {
        DateTimeOffset now = Now;
        if (Schedule.NextAfter(now + Steadiness) < _nextDue)
            _nextDue = Schedule.NextAfter(now);
        if (now + Steadiness >= LastTryAt)
            return;
        lock (_lock)
            (_ledger, _latencies) = (new CycleLedger(now), new LatencyLedger()); // Of hours that are still to come.
        LastTryAt = now;
        RetryAt = RetryAt is null ? null : now;
        _rest = _rest is { Until: not null } rest ? rest with { Until = now } : _rest;
    }

    public void Begin()
    {
        Volatile.Write(ref _requested, false);
        _rest = null;
        LastTryAt = Now;
    }

    /// <summary>A set was cut.</summary>
    /// <param name="shipped">Nothing stands in the way of its way to the vault; otherwise its due time was missed.</param>
    public void Succeeded(bool shipped)
    {
        lock (_lock)
            _ledger.Account(Schedule, Now, shipped);
        Fault = null;
        RetryAt = null;
        _failures = 0;
        _nextDue = Schedule.NextAfter(LastTryAt);
    }

    /// <summary>The cycle did what could be done now, and made no set.</summary>
    public void Rested(CycleRest rest)
    {
        Fault = null;
        RetryAt = null;
        _failures = 0;
        _rest = rest;
    }

    /// <summary>A set was committed.</summary>
    /// <param name="isNewest">It is what was cut last: none waits behind it.</param>
    /// <returns>How long its cycle took; null when that is not known any more.</returns>
    public TimeSpan? Committed(bool isNewest)
    {
        DateTimeOffset now = Now;
        lock (_lock)
        {
            if (_context.Progress.Last is { } last)
                _latencies.Committed(last.Instant, now);
        }

        if (!isNewest)
            return null;
        LastDuration = now > LastTryAt ? now - LastTryAt : TimeSpan.Zero;
        return LastDuration;
    }

    public void Failed(Exception error)
    {
        _failures++;
        Fault = FaultTable.Classify(error, $"vm {_context.Desired.Machine}", Now - _context.GrantedAt);
        // What asks for a resynchronization is answered by one, at once.
        bool resynchronizes = Fault.Category == FaultCategory.ResyncRequired && !_context.IsEnded;
        RetryAt = resynchronizes && _failures == 1 ? Now : resynchronizes || IsTriedAgain(Fault) ? Now + RetrySchedule.DelayAfter(_failures) : null;
    }

    /// <summary>The copy frequency was changed.</summary>
    public void Reschedule() => _nextDue = Schedule.NextAfter(_context.Progress.Last?.Instant is { } last && last > LastTryAt ? last : Now);

    /// <summary>
    /// A refused grant needs a person or the operator, but the agent may not hear of it: a grant is renewed, and an expired one comes back, in the
    /// vault alone.
    /// </summary>
    public static bool IsTriedAgain(Fault fault) => fault.Category == FaultCategory.Recoverable || fault.Reason == FaultReasons.GrantRefused;

    private static DateTimeOffset Earlier(DateTimeOffset? first, DateTimeOffset second) => first is { } known && known < second ? known : second;
}
