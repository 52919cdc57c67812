using Google.Protobuf.WellKnownTypes;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.State;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Cycle;

namespace RecoveryOperator.Agent.Engine;

/// <summary>The loop of one protection: waits for a due time, a retry, a changed wish or a request, and runs a cycle. Needs no operator.</summary>
public sealed class ProtectionRunner : IAsyncDisposable
{
    /// <summary>An unchanged put of a failing protection hurries its next try at most this often.</summary>
    private static readonly TimeSpan UnchangedPutRetry = TimeSpan.FromMinutes(1);

    /// <summary>How soon it is tried again to end what a killed process left: a pause that it caused ends within 10 s (P8).</summary>
    private static readonly TimeSpan PrepareAgainAfter = TimeSpan.FromSeconds(5);

    private readonly ProtectionContext _context;
    private readonly ReplicationCycle _cycle;
    private readonly CycleClock _clock;
    private readonly CutRequests _cuts = new();
    private readonly LastingLoop _cutting;
    private readonly LastingLoop _sending;
    private readonly WakeUp _wake;
    private readonly CancellationTokenSource _stop = new();
    private readonly ShippingLoop _shipping;
    private Task _loop = Task.CompletedTask;
    private Task _shippingLoop = Task.CompletedTask;
    private bool _prepared;
    private bool _ended;
    private bool _disposed;

    /// <param name="services">What all protections share.</param>
    /// <param name="stored">The protection.</param>
    /// <param name="changed">Told of each change; true: of state, not only of figures.</param>
    public ProtectionRunner(EngineServices services, StoredProtection stored, Action<ProtectionRunner, bool> changed)
    {
        _context = new ProtectionContext(services, stored, (_, state) => changed(this, state));
        _cutting = new LastingLoop(_context);
        _sending = new LastingLoop(_context);
        _wake = new WakeUp(services.Time);
        _cycle = new ReplicationCycle(_context);
        _clock = new CycleClock(_context);
        _shipping = new ShippingLoop(_context, _cycle, CutAgain);
        _context.QueueShrank = OnQueueShrank;
        _context.Committed = OnCommitted;
        _context.ShowQueue();
    }

    /// <summary>The protection as its steps see it.</summary>
    public ProtectionContext Context => _context;

    /// <summary>What is shown of it.</summary>
    public ProtectionStatus Status => StatusBuilder.Build(_context, _clock, _shipping, _cutting.Broken ?? _sending.Broken);

    /// <summary>It was told to stop, and does nothing any more, or soon.</summary>
    public bool IsStopping => _stop.IsCancellationRequested;

    /// <summary>It stopped, and the one that should follow it did not begin.</summary>
    public void ShowBroken(Exception fault) => _cutting.Show(FaultTable.Classify(fault));

    /// <summary>Begins the loop.</summary>
    public void Start()
    {
        _loop = Task.Run(() => RunAsync(_cutting, StepAsync));
        _shippingLoop = Task.Run(() => RunAsync(_sending, _shipping.StepAsync));
        _shipping.Signal(); // What a former process cut goes on at once.
    }

    /// <summary>Replaces what is desired; a failing protection is tried again at once when something changed.</summary>
    public void Replace(DesiredProtection desired, DateTimeOffset grantedAt)
    {
        bool changed = !desired.Equals(_context.Desired);
        bool resync = (_context.Desired.Paused && _context.Progress.Resync is not null) || !Equals(desired.Resync, _context.Desired.Resync) || desired.TimeZone != _context.Desired.TimeZone;
        bool reschedule = !desired.CopyFrequency.Equals(_context.Desired.CopyFrequency);
        _context.Replace(desired, grantedAt);
        if (reschedule)
            _clock.Reschedule();
        if (resync && (!desired.Paused || ResyncWishes.CancelIsDue(_context)))
            _clock.Request();
        if (_clock.Fault is not null && (changed || _clock.RetryAt is null || _clock.Now - _clock.LastTryAt >= UnchangedPutRetry) && !desired.Paused)
            _clock.Request();
        if (_shipping.Fault is not null && (changed || _clock.Now - _shipping.LastTryAt >= UnchangedPutRetry) && !desired.Paused)
            _shipping.Hurry();
        _shipping.Signal();
        _wake.Call();
    }

    /// <summary>Cuts, ships and commits one set now.</summary>
    /// <param name="bypassLimits">A failover waits for it: neither for bandwidth nor behind other machines.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>The set: its instant is not before the call.</returns>
    /// <exception cref="FaultException">The cycle failed.</exception>
    public async Task<CutInfo> CutAsync(bool bypassLimits, CancellationToken cancellationToken)
    {
        if (_context.IsEnded && _context.Progress is { End: { } end } ended)
            throw new FaultException(Steps.Ending.ToFault(ended.Phase, end));

        // A cycle under way comes first, so it is hurried too.
        using IDisposable? bypass = bypassLimits ? _context.Limits.Bypass() : null;
        TaskCompletionSource<CutInfo> cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CutAgain(cut);
        return await cut.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Runs a cycle now, which looks at the machine's disks before anything else.</summary>
    /// <returns>False when the protection is paused or ended.</returns>
    public bool LookNow()
    {
        if (_context.Desired.Paused || _context.IsEnded)
            return false;
        _clock.Request();
        _wake.Call();
        return true;
    }

    /// <summary>Ends the loop and waits for it. What is half done is finished at the next start.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_loop, _shippingLoop);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        await StopAsync();
    }

    private async Task RunAsync(LastingLoop loop, Func<CancellationToken, Task> step)
    {
        try
        {
            await loop.RunAsync(step, _stop.Token);
        }
        finally
        {
            // Whatever ended it: nobody may wait for what does not come any more.
            _cuts.Close();
            _shipping.Close();
        }
    }

    private async Task StepAsync(CancellationToken cancellationToken)
    {
        // What was half done when it ended, and the files of what waited, are left to nobody else: no cycle runs any more.
        bool isEnded = _context.IsEnded;
        if (isEnded && !_ended)
            _prepared = false;
        _ended = isEnded;
        if (isEnded && _context.Progress is { End: { } end } ended)
            _cuts.Refuse(new FaultException(Steps.Ending.ToFault(ended.Phase, end))); // First: preparing may wait for the machine.
        _prepared = _prepared || await PrepareAsync(cancellationToken);
        if (_context.IsEnded != isEnded)
            return; // It ended meanwhile: looked at again, at once.
        DateTimeOffset now = _clock.Now; // Before the decision: a clock that is set back behind it would make the wait as long again.
        CycleDecision decision = _clock.Decide();
        if (decision.RunNow)
            await RunCycleAsync(cancellationToken);
        else
            await WaitAsync((_prepared ? decision.WakeAt : Earlier(decision.WakeAt, now + PrepareAgainAfter)) - now, cancellationToken);
    }

    /// <summary>
    /// Once after the start and once after the end, whatever the schedule says: also a protection that is paused, ended, or not due for hours may have been killed with
    /// a snapshot open, whose scratch space fills, or with its guest paused.
    /// </summary>
    /// <returns>False when the host did not let it.</returns>
    private async Task<bool> PrepareAsync(CancellationToken cancellationToken)
    {
        if (_context.Progress.MachineId is null)
            return true;
        try
        {
            await _cycle.PrepareAsync(cancellationToken);
            return true;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            _context.Services.Logger.NotPrepared(_context.DisplayName, _context.Progress.Epoch, fault);
            return fault is FaultException; // The machine itself is the trouble: the next cycle tells.
        }
        finally
        {
            _shipping.Signal(); // A checkpoint that came due while the machine was held here.
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset? first, DateTimeOffset second) => first is { } known && known < second ? known : second;

    private Task WaitAsync(TimeSpan? time, CancellationToken cancellationToken) => _wake.WaitAsync(
        time is { } known ? TimeSpan.FromTicks(Math.Max(0, known.Ticks)) : Timeout.InfiniteTimeSpan, cancellationToken);

    private async Task RunCycleAsync(CancellationToken cancellationToken)
    {
        _clock.Begin();
        List<TaskCompletionSource<CutInfo>> waiting = _cuts.TakeAll();
        if (_context.Desired.Paused && waiting.Count == 0 && !ResyncWishes.CancelIsDue(_context))
            return; // It was to call off a resynchronization, which the cycle under way has done.
        bool succeeded = await RunGuardedAsync(cancellationToken);
        try
        {
            Answer(waiting, succeeded, _context.Read((progress, queue) => queue.Newest?.Sequence ?? progress.Last?.Sequence ?? 0));
        }
        catch (Exception fault)
        {
            waiting.ForEach(cut => cut.TrySetException(fault));
            throw;
        }
    }

    private void Answer(List<TaskCompletionSource<CutInfo>> waiting, bool succeeded, long made)
    {
        foreach (TaskCompletionSource<CutInfo> cut in waiting)
        {
            if (succeeded)
                _shipping.Add(made, cut);
            else if (_context.Progress.Resync is { } resync)
                cut.TrySetException(new FaultException(Steps.Ending.ToFault(EnginePhase.Resynchronizing, Steps.Ending.Resync(_context, resync.Reason, resync.Message))));
            else if (_clock.WaitsForRoom)
                _shipping.AddForRoom(cut); // Also when paused, or when the vault was away a moment ago: whoever asks wants to know what is true now.
            else if ((_clock.Fault ?? _shipping.Fault) is { } fault)
                cut.TrySetException(new FaultException(fault));
            else
                CutAgain(cut); // Nothing failed: there was something else to do first (a resynchronization was called off, say).
        }
    }

    private async Task<bool> RunGuardedAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await _cycle.CutAsync(alone: false, cancellationToken) is { } rest)
            {
                _clock.Rested(rest);
                return false;
            }

            _clock.Succeeded(_shipping.Fault is null);
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception error)
        {
            _clock.Failed(error);
            Fault fault = _clock.Fault!;
            _context.Services.Logger.CycleFailed(_context.DisplayName, _context.Progress.Epoch, fault.Category, fault.Reason, _clock.RetryAt, error);
            return false;
        }
        finally
        {
            _shipping.Signal(); // A cut to ship, somebody who waits for what was shipped here, a checkpoint that came due.
            _context.Touch();
        }
    }

    /// <summary>Somebody waits for a set that is not cut yet, or not any more.</summary>
    private void CutAgain(TaskCompletionSource<CutInfo> cut)
    {
        _cuts.Add(cut);
        _clock.Request();
        _wake.Call();
    }

    /// <summary>Room for cuts, in the queue or in the spool.</summary>
    private void OnQueueShrank()
    {
        if (_clock.Fault?.Reason == FaultReasons.NoSpoolSpace)
            _clock.Request();
        _wake.Call();
    }

    /// <summary>Once for each set, whichever loop commits it.</summary>
    private void OnCommitted()
    {
        if (_clock.Committed(isNewest: _context.CutsWaiting == 0) is { } duration)
            _context.Metrics.CycleSucceeded(duration);
        _wake.Call();
    }

    internal static CutInfo Describe(ProtectionProgress progress) => new()
    {
        Epoch = progress.Epoch,
        Sequence = progress.Last!.Sequence,
        Instant = progress.Last.Instant.ToTimestamp(),
    };
}
