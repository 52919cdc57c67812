using RecoveryOperator.Agent.Engine.Steps;
using RecoveryOperator.Agent.Engine.Steps.Resync;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.State;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Engine;

/// <summary>
/// One cycle of a protection: from wherever a crash or a failure left it, to one more committed set (docs/engine.md). Never two at once for
/// one protection.
/// </summary>
public sealed class ReplicationCycle
{
    private readonly ProtectionContext _context;
    private readonly Preparation _preparation;
    private readonly ResyncGate _resync;

    /// <param name="context">The protection.</param>
    public ReplicationCycle(ProtectionContext context)
    {
        _context = context;
        _preparation = new Preparation(context);
        _resync = new ResyncGate(context);
    }

    /// <summary>Ends what a former process left half done, and nothing else.</summary>
    public Task PrepareAsync(CancellationToken cancellationToken) => _preparation.RunAsync(cancellationToken);

    /// <summary>Runs a cycle. Every failure is thrown, after what it left half done was undone as far as that went.</summary>
    /// <returns>Null when a set was committed; otherwise when to look again.</returns>
    public async Task<CycleRest?> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _preparation.RunAsync(cancellationToken);
            if (_context.Progress.Phase == EnginePhase.Pending)
                await new Beginning(_context).RunAsync(cancellationToken);
            ThrowIfFenced();
            await ShipWaitingCutAsync(cancellationToken);
            await _resync.RunAsync(cancellationToken);
            ThrowIfEnded();
            if (_context.Progress.Phase == EnginePhase.Resynchronizing && await new ResyncStep(_context).RunAsync(cancellationToken) is { } rest)
                return rest;
            if (_context.Progress.Phase == EnginePhase.Initial)
                await new InitialCopy(_context).RunAsync(cancellationToken);

            await LookBeforeFirstCutAsync(cancellationToken);
            await ShipAndCommitAsync(await new CutStep(_context).RunAsync(cancellationToken), cancellationToken);
            return null;
        }
        catch
        {
            _preparation.CleanUpAgain();
            throw;
        }
        finally
        {
            _context.Enter(CycleStage.Idle, _context.Progress.Last?.Sequence ?? 0);
        }
    }

    private async Task ShipWaitingCutAsync(CancellationToken cancellationToken)
    {
        if (_context.Store.LoadCut(_context.Id) is { } waiting)
            await ShipAndCommitAsync(waiting, cancellationToken);
    }

    private async Task ShipAndCommitAsync(PendingCut cut, CancellationToken cancellationToken)
    {
        if (!Guards.Hold(Guard.ForgetAfterCommit))
            await _context.Hypervisor.CommitCheckpointAsync(_context.MachineId, _context.Id, cut.Intent.Checkpoint, cancellationToken);
        await new ShipStep(_context).RunAsync(cut, cancellationToken);
        await new CommitStep(_context).RunAsync(cut, cancellationToken);
    }

    /// <summary>
    /// Until the storage was heard of, its clock is not known and neither is whether this source still counts: one request answers both, before
    /// the machine is bothered.
    /// </summary>
    private async Task LookBeforeFirstCutAsync(CancellationToken cancellationToken)
    {
        if (_context.Log.ClockOffset is not null)
            return;

        long next = (_context.Progress.Last?.Sequence ?? 0) + 1;
        if (await _context.Log.ReadSetAsync(_context.Progress.Epoch, next, cancellationToken) is not { } standing)
            return;
        if (standing.Manifest.Kind != SetKind.Seal)
            throw CommitStep.Conflict(_context, next);

        throw Ending.WriteAndMakeFault(
            _context, EnginePhase.Fenced, Ending.Sealed(_context, standing.Manifest.Sequence, standing.Manifest.SealedBy));
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
