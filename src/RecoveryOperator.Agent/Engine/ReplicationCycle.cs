using RecoveryOperator.Agent.Engine.Steps;
using RecoveryOperator.Agent.Engine.Steps.Resync;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Agent.Engine;

/// <summary>
/// One cycle of a protection: from wherever a crash or a failure left it, to one more committed set (docs/engine.md). One at a time cuts, and one at a
/// time ships, for one protection.
/// </summary>
public sealed class ReplicationCycle
{
    private readonly ProtectionContext _context;
    private readonly Preparation _preparation;
    private readonly ResyncGate _resync;
    private readonly Turn _shipping = new();

    /// <param name="context">The protection.</param>
    public ReplicationCycle(ProtectionContext context)
    {
        _context = context;
        _preparation = new Preparation(context);
        _resync = new ResyncGate(context);
    }

    /// <summary>Ends what a former process left half done, and nothing else.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await _context.Machine.TakeAsync(cancellationToken);
        try
        {
            await _preparation.RunAsync(cancellationToken);
        }
        finally
        {
            _context.Machine.Release();
        }
    }

    /// <summary>
    /// Runs a whole cycle, one thing after the other: ships what waits, cuts, ships and commits. Every failure is thrown, after what it left half done was undone
    /// as far as that went.
    /// </summary>
    /// <returns>Null when a set was committed; otherwise when to look again.</returns>
    public async Task<CycleRest?> RunAsync(CancellationToken cancellationToken)
    {
        CycleRest? rest = await CutAsync(alone: true, cancellationToken);
        if (rest is null)
            await ShipAsync(cancellationToken);
        return rest;
    }

    /// <summary>
    /// Cuts one set. While deltas are replicated it is left to <see cref="ShipAsync"/>, which may run beside; everything else (a copy, a resynchronization, what
    /// completes them) is shipped and committed here.
    /// </summary>
    /// <param name="alone">What waits is shipped first, because nobody ships beside.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Null when a set was cut; otherwise when to look again.</returns>
    public async Task<CycleRest?> CutAsync(bool alone, CancellationToken cancellationToken)
    {
        await _context.Machine.TakeAsync(cancellationToken);
        try
        {
            return await CutHeldAsync(alone, cancellationToken);
        }
        catch
        {
            _preparation.CleanUpAgain();
            throw;
        }
        finally
        {
            _context.Machine.Release();
            _context.Enter(CycleStage.Idle, _context.Progress.Last?.Sequence ?? 0);
        }
    }

    /// <summary>Ships and commits the cuts that wait, in order. May run beside <see cref="CutAsync"/>.</summary>
    public async Task ShipAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ShipQueueAsync(holdsMachine: false, cancellationToken);
        }
        finally
        {
            _context.Enter(CycleStage.Idle, _context.Progress.Last?.Sequence ?? 0, shipsBeside: true);
        }
    }

    /// <summary>Releases what was due while somebody cut, unless somebody cuts again.</summary>
    public Task ReleaseAsync(CancellationToken cancellationToken) =>
        MachineHold.TryAsync(_context, holdsMachine: false, () => CheckpointRelease.RunAsync(_context, cancellationToken));

    private async Task<CycleRest?> CutHeldAsync(bool alone, CancellationToken cancellationToken)
    {
        await _preparation.RunAsync(cancellationToken);
        if (_context.Progress.Phase == EnginePhase.Pending)
            await new Beginning(_context).RunAsync(cancellationToken);
        ThrowIfFenced();
        bool forCancel = _context.Desired.Paused && ResyncWishes.CancelIsDue(_context);
        if (alone || _context.Progress.Phase != EnginePhase.Replicating)
            await ShipQueueAsync(holdsMachine: true, cancellationToken);
        if (forCancel && _context.Desired.Paused && _context.Progress.Phase == EnginePhase.Replicating)
            return new CycleRest(_context.Services.Time.GetUtcNow()); // What waited has completed it: nothing is left to be called off.
        bool canceled = await _resync.RunAsync(() => ShipQueueAsync(holdsMachine: true, cancellationToken), cancellationToken);
        ThrowIfEnded();
        if (canceled && _context.Desired.Paused)
            return new CycleRest(_context.Services.Time.GetUtcNow()); // It ran for that alone.
        if (_context.Progress.Phase == EnginePhase.Resynchronizing && await new ResyncStep(_context).RunAsync(cancellationToken) is { } rest)
            return rest;
        if (_context.Progress.Phase == EnginePhase.Initial)
            await new InitialCopy(_context).RunAsync(cancellationToken);

        bool queues = _context.Progress.Phase == EnginePhase.Replicating;
        if (queues && !QueueLimits.Allow(_context))
        {
            _context.Services.Logger.CuttingStopped(_context.DisplayName, _context.Progress.Epoch, _context.CutsWaiting, _context.LogUtilization);
            return new CycleRest(null, UntilRoom: true);
        }

        await LookBeforeFirstCutAsync(queues, cancellationToken);
        await new CutStep(_context).RunAsync(cancellationToken);
        if (!queues)
            await ShipQueueAsync(holdsMachine: true, cancellationToken);
        return null;
    }

    private async Task ShipQueueAsync(bool holdsMachine, CancellationToken cancellationToken)
    {
        await _shipping.TakeAsync(cancellationToken);
        try
        {
            while (_context.Store.LoadQueue(_context.Id).Oldest is { } oldest)
            {
                _context.ReloadWhenUncertain(); // The next set names the one before it as it was really stored.
                if (_context.Damaged is not null && !await ResolveAsync(holdsMachine, cancellationToken))
                    return;
                if (_context.Damaged is not null || _context.Progress.Phase == EnginePhase.Fenced)
                    return;
                if (_context.Store.LoadCut(_context.Id, oldest.Sequence) is not { } cut || cut.Intent != oldest)
                    continue;
                if (!Guards.Hold(Guard.ForgetAfterCommit))
                    await _context.Hypervisor.CommitCheckpointAsync(_context.MachineId, _context.Id, oldest.Checkpoint, cancellationToken);
                await new ShipStep(_context, holdsMachine).RunAsync(cut, cancellationToken);
                await new CommitStep(_context, holdsMachine).RunAsync(cut, cancellationToken);
            }
        }
        finally
        {
            _shipping.Release();
        }
    }

    /// <returns>False when it is left to whoever cuts now.</returns>
    private async Task<bool> ResolveAsync(bool holdsMachine, CancellationToken cancellationToken)
    {
        await MachineHold.TryAsync(_context, holdsMachine, () => IntentResolution.RunAsync(_context, cancellationToken));
        return _context.Damaged is null;
    }

    /// <summary>
    /// Until the storage was heard of, its clock is not known and neither is whether this source still counts: one request answers both, before
    /// the machine is bothered.
    /// </summary>
    private async Task LookBeforeFirstCutAsync(bool queues, CancellationToken cancellationToken)
    {
        if (_context.Log.ClockOffset is not null || _context.Store.LoadQueue(_context.Id).Count > 0)
            return;

        long next = (_context.Progress.Last?.Sequence ?? 0) + 1;
        if (await ReadAsync(next, queues, cancellationToken) is not { } standing)
            return;
        if (standing.Manifest.Kind != SetKind.Seal)
            throw CommitStep.Conflict(_context, next);

        throw Ending.WriteAndMakeFault(
            _context, EnginePhase.Fenced, Ending.Sealed(_context, standing.Manifest.Sequence, standing.Manifest.SealedBy));
    }

    /// <summary>While the vault is away, sets are cut all the same: an agent that restarts in an outage goes on.</summary>
    private async Task<StoredSet?> ReadAsync(long sequence, bool queues, CancellationToken cancellationToken)
    {
        try
        {
            return await _context.Log.ReadSetAsync(_context.Progress.Epoch, sequence, cancellationToken);
        }
        catch (VaultException fault) when (queues && fault.Fault == VaultFault.Unavailable)
        {
            _context.Services.Logger.CutWithoutVault(_context.DisplayName, _context.Progress.Epoch, fault);
            return null;
        }
    }

    private void ThrowIfFenced()
    {
        if (_context.Progress is { Phase: EnginePhase.Fenced, End: { } end })
            throw new FaultException(Ending.ToFault(EnginePhase.Fenced, end));
    }

    /// <summary>A resynchronization is needed and waits for the user.</summary>
    private void ThrowIfEnded()
    {
        if (_context.Progress is { Phase: EnginePhase.ResyncRequired, End: { } end })
            throw new FaultException(Ending.ToFault(EnginePhase.ResyncRequired, end));
    }
}
