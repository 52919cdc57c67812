using System.Collections.Concurrent;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Retry;

namespace RecoveryOperator.Agent.Engine;

/// <summary>Ships and commits what was cut, beside cutting: while the vault is away sets go on being cut, and every one of them is committed when it is back.</summary>
/// <param name="context">The protection.</param>
/// <param name="cycle">Its steps.</param>
/// <param name="cutAgain">Told of somebody who waits for a cut that was dropped, or for which there is room now.</param>
internal sealed class ShippingLoop(
    ProtectionContext context, ReplicationCycle cycle, Action<TaskCompletionSource<CutInfo>> cutAgain)
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly WakeUp _wake = new(context.Services.Time);
    private readonly ConcurrentQueue<(long Sequence, TaskCompletionSource<CutInfo> Cut)> _waiting = new();
    private readonly CutRequests _forRoom = new();
    private readonly Lock _asking = new(); // Whoever asks is counted by the try that answers it, and causes no other.
    private DateTimeOffset _looked;
    private int _failures;
    private bool _releaseFailed;
    private volatile bool _hurried;
    private volatile bool _closed;

    /// <summary>Why the last try failed.</summary>
    public Fault? Fault { get; private set; }

    /// <summary>When it is tried again by itself.</summary>
    public DateTimeOffset? RetryAt { get; private set; }

    /// <summary>When it was last tried.</summary>
    public DateTimeOffset LastTryAt { get; private set; }

    private DateTimeOffset Now => context.Services.Time.GetUtcNow();

    /// <summary>There is a cut to ship, or something else changed.</summary>
    public void Signal() => _wake.Call();

    /// <summary>A failure need not wait for its time.</summary>
    public void Hurry()
    {
        _hurried = true;
        _wake.Call();
    }

    /// <summary>Somebody waits until a cut is committed.</summary>
    public void Add(long sequence, TaskCompletionSource<CutInfo> cut)
    {
        lock (_asking)
        {
            _waiting.Enqueue((sequence, cut));
            _hurried = true;
        }

        if (_closed)
            LetGo();
        else
            _wake.Call();
    }

    /// <summary>Somebody waits for a set that cannot be cut before others are shipped.</summary>
    public void AddForRoom(TaskCompletionSource<CutInfo> cut)
    {
        lock (_asking)
        {
            _forRoom.Add(cut);
            _hurried = true;
        }

        _wake.Call();
    }

    /// <summary>Waits until there is something to do, and does it.</summary>
    public async Task StepAsync(CancellationToken cancellationToken)
    {
        await WaitAsync(cancellationToken);
        _looked = Now; // One time for all that is decided: a retry that came due in between would be waited for for ever.
        try
        {
            context.ReloadWhenUncertain(); // Also when nothing waits any more: what the last write left is shown, and answered.
            if (IsDue())
                await ShipAsync(cancellationToken);
            else if (IsRetryDue || (Fault is not null && !_releaseFailed && context.Store.LoadQueue(context.Id).Count == 0))
                Clear(); // What failed does not wait any more: it was dropped, and is cut again, or the other loop found it committed. Or a release is due again.
            if (context.ReleaseDue && !_releaseFailed)
                await ReleaseAsync(cancellationToken);
            AnswerWaiting();
            if (!_forRoom.IsEmpty && QueueLimits.Allow(context))
                _forRoom.TakeAll().ForEach(cutAgain);
        }
        catch
        {
            Signal(); // What it was woken for is still to be done.
            throw;
        }
    }

    /// <summary>It does not go on: nobody waits for it any more.</summary>
    public void Close()
    {
        _closed = true;
        _forRoom.Close();
        LetGo();
    }

    /// <summary>Also when the clock was set back: it would be waited for for as long again.</summary>
    private bool IsRetryDue => Fault is not null && RetryAt is { } at && (_looked >= at || _looked < LastTryAt);

    /// <summary>What was cut is shipped also when a resynchronization waits for somebody: it may wait for days.</summary>
    private bool IsDue() => context.Progress.Phase is EnginePhase.Replicating or EnginePhase.ResyncRequired
        && (!context.Desired.Paused || !_waiting.IsEmpty || !_forRoom.IsEmpty)
        && (Fault is null || _hurried || IsRetryDue)
        && context.Store.LoadQueue(context.Id).Count > 0;

    /// <summary>Once its time has come it is tried, or (paused) waits for a change.</summary>
    private Task WaitAsync(CancellationToken cancellationToken)
    {
        if (Fault is null || RetryAt is not { } at || _looked >= at)
            return _wake.WaitAsync(Timeout.InfiniteTimeSpan, cancellationToken);
        DateTimeOffset now = Now;
        TimeSpan left = now < LastTryAt ? TimeSpan.Zero : at - now; // Set back: see IsRetryDue.
        return _wake.WaitAsync(left > ShortestWait ? left : ShortestWait, cancellationToken);
    }

    private async Task ShipAsync(CancellationToken cancellationToken)
    {
        (int Sets, int Room) asked;
        lock (_asking)
            (asked, _hurried) = ((_waiting.Count, _forRoom.Count), false);
        LastTryAt = Now;
        long before = context.Progress.Last?.Sequence ?? 0;
        try
        {
            await cycle.ShipAsync(cancellationToken);
            if (context.Damaged is not null)
                return; // Whoever cuts now holds the machine, and ends it.
            Clear();
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            if (context.Progress.Last?.Sequence > before)
                _failures = 0;
            Fail(error, asked);
        }
        finally
        {
            context.QueueShrank?.Invoke(); // Also when it failed: behind a commit, perhaps, whose room somebody waits for.
            context.Touch();
        }
    }

    /// <summary>A set was committed while the machine was held: whoever held it is done, and calls.</summary>
    private async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        LastTryAt = Now;
        (int Sets, int Room) asked = (_waiting.Count, _forRoom.Count);
        try
        {
            await cycle.ReleaseAsync(cancellationToken);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            _releaseFailed = true;
            Fail(error, asked);
        }
    }

    private void Clear()
    {
        (Fault, RetryAt, _failures, _releaseFailed) = (null, null, 0, false);
        context.Touch();
    }

    private void LetGo()
    {
        while (_waiting.TryDequeue(out (long Sequence, TaskCompletionSource<CutInfo> Cut) waiting))
            waiting.Cut.TrySetCanceled(CancellationToken.None);
    }

    /// <param name="error">What went wrong.</param>
    /// <param name="asked">How many waited when the try began: whoever came later is answered by the next one, since what was in the way may be gone.</param>
    private void Fail(Exception error, (int Sets, int Room) asked)
    {
        _failures++;
        _looked = Now; // A try may take minutes, in which the clock may have been set back: the wait for the retry begins here.
        Fault fault = FaultTable.Classify(error, $"vm {context.Desired.Machine}", _looked - context.GrantedAt);
        RetryAt = CycleClock.IsTriedAgain(fault) ? _looked + RetrySchedule.DelayAfter(_failures) : null;
        Fault = fault; // Whoever sees it sees its retry.
        context.Services.Logger.ShippingFailed(
            context.DisplayName, context.Progress.Epoch, Fault.Category, Fault.Reason, context.CutsWaiting, RetryAt, error);
        asked.Sets -= AnswerCommitted(); // Some were, before it failed.
        for (int told = 0; told < asked.Sets && _waiting.TryDequeue(out (long Sequence, TaskCompletionSource<CutInfo> Cut) waiting); told++)
            waiting.Cut.TrySetException(new FaultException(Fault));
        _forRoom.Refuse(new FaultException(Fault), asked.Room);
    }

    /// <returns>How many got their answer.</returns>
    private int AnswerCommitted()
    {
        int answered = 0;
        long? last = context.Read((progress, _) => progress.Last?.Sequence);
        for (; _waiting.TryPeek(out (long Sequence, TaskCompletionSource<CutInfo> Cut) waiting) && waiting.Sequence <= last && _waiting.TryDequeue(out waiting); answered++)
            waiting.Cut.TrySetResult(ProtectionRunner.Describe(context.Progress));
        return answered;
    }

    /// <summary>Answers whoever has a set that is committed. What was dropped is cut again.</summary>
    private void AnswerWaiting()
    {
        if (_waiting.IsEmpty)
            return;
        (long? last, long? newest) = context.Read((progress, queue) => (progress.Last?.Sequence, queue.Newest?.Sequence));
        AnswerCommitted();
        while (_waiting.TryPeek(out (long Sequence, TaskCompletionSource<CutInfo> Cut) waiting)
            && !(waiting.Sequence <= last) && !(waiting.Sequence <= newest) && _waiting.TryDequeue(out waiting))
        {
            cutAgain(waiting.Cut);
        }
    }
}
