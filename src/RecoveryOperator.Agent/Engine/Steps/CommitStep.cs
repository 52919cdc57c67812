using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.State;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>Commits a shipped cut, and only then lets the source forget (docs/engine.md, D8 to D11; P1, P2).</summary>
/// <param name="context">The protection.</param>
/// <param name="holdsMachine">The caller holds the machine.</param>
internal sealed class CommitStep(ProtectionContext context, bool holdsMachine)
{
    /// <summary>Commits.</summary>
    /// <exception cref="FaultException">Fenced, or another set stands there.</exception>
    public async Task RunAsync(PendingCut cut, CancellationToken cancellationToken)
    {
        context.Enter(CycleStage.Commit, cut.Intent.Sequence, shipsBeside: !holdsMachine);
        // The set before it may not have been committed when this one was cut: its hash is known by now, and is the same at every try.
        SetManifest manifest = VaultJson.Read<SetManifest>(cut.Manifest, "the cut in the agent's state") with { PreviousSha256 = context.Progress.Last?.Sha256 };
        CommitResult result = await context.Log.CommitAsync(manifest, cancellationToken);
        StoredSet standing = result.Standing;
        if (result.Outcome == CommitOutcome.Fenced)
        {
            FaultException fenced = Ending.WriteAndMakeFault(
                context, EnginePhase.Fenced, Ending.Sealed(context, standing.Manifest.Sequence, standing.Manifest.SealedBy));
            await MachineHold.TryAsync(context, holdsMachine, () => IntentResolution.TryAsync(context, cancellationToken));
            throw fenced;
        }

        // The same attempt is our own set: another version of this program may write the same manifest with other bytes.
        if (result.Outcome == CommitOutcome.Conflict && standing.Manifest.Attempt != cut.Intent.Attempt)
            throw Conflict(context, cut.Intent.Sequence);

        Record(cut, manifest, standing.Sha256);
        context.ReleaseDue = true;
        await MachineHold.TryAsync(context, holdsMachine, () => CheckpointRelease.RunAsync(context, cancellationToken));
        context.Services.Spool.DeleteAttempt(context.Id, cut.Intent.Attempt);
        context.QueueShrank?.Invoke();
    }

    /// <summary>Somebody else ships into this epoch.</summary>
    public static FaultException Conflict(ProtectionContext context, long sequence) => new(
        FaultCategory.NonRecoverable,
        FaultReasons.ConflictingSet,
        $"sequence {sequence} of epoch {context.Progress.Epoch} of {context.DisplayName}",
        $"The vault holds a set {sequence} of epoch {context.Progress.Epoch} that this agent did not write: another agent ships for this protection, or this one runs on an old copy of its state. Nothing was overwritten.",
        "Find the other agent and stop it. If the state directory was restored from a backup, delete agent.db* in it while the agent is stopped: the agent rebuilds what it can from the vault and the hypervisor's checkpoints. Leave the rest: recovered machines read their disks with what lies in grants.");

    private void Record(PendingCut cut, SetManifest manifest, string sha256)
    {
        CommittedSet last = new(manifest.Sequence, sha256, manifest.Instant, cut.Intent.Checkpoint, DiskShapes.Of(manifest));
        context.Save(
            progress => progress with
            {
                Phase = manifest.Completes == Completes.None ? progress.Phase : EnginePhase.Replicating,
                Initial = manifest.Completes == Completes.None ? progress.Initial : null,
                Resync = manifest.Completes == Completes.None ? progress.Resync : null,
                ResyncedSequence = manifest.Completes == Completes.Resync ? manifest.Sequence : progress.ResyncedSequence,
                Last = last,
                NextDiskIndex = Math.Max(progress.NextDiskIndex, manifest.Disks.Select(disk => disk.Index + 1).DefaultIfEmpty().Max()),
                AppConsistency = Quiescing.After(progress.AppConsistency, manifest),
                ChangedBytesTotal = progress.ChangedBytesTotal + cut.ChangedBytes,
                CyclesTotal = progress.CyclesTotal + 1,
            },
            progress => context.Store.EndCut(context.Id, progress, manifest.Sequence, forgetBase: manifest.Completes != Completes.None));
        context.Metrics.Changed(cut.ChangedBytes);
        context.ShowQueue();
        context.Committed?.Invoke();
        long shippedBytes = cut.Segments.Sum(segment => segment.LengthBytes);
        context.Services.Logger.Committed(context.DisplayName, manifest.Epoch, manifest.Sequence, manifest.Instant, cut.ChangedBytes, shippedBytes);
    }
}
