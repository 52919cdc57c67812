using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>
/// Nothing is known here of an epoch: it is either new, or this agent lost its state. Decided by the vault and the hypervisor's checkpoints
/// (docs/engine.md, "Lost state"); never by starting over.
/// </summary>
internal sealed class Beginning(ProtectionContext context)
{
    private long Epoch => context.Progress.Epoch;

    /// <summary>Leaves phase Pending for Initial, Replicating, ResyncRequired or Fenced.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<ChangeTrackingId> checkpoints = await context.Hypervisor.ListCheckpointsAsync(context.MachineId, context.Id, cancellationToken);
        foreach (ChangeTrackingId checkpoint in checkpoints.Reverse())
        {
            if (await FindSetOfAsync(checkpoint, cancellationToken) is { } set)
            {
                await RebuildAsync(set, checkpoint, checkpoints, cancellationToken);
                return;
            }
        }

        StoredSet? newest = await NewestSet.FindAsync(context.Log, Epoch, cancellationToken);
        if (newest is { Manifest.Kind: SetKind.Seal })
            throw Fenced(newest);
        if (newest is not null || context.Desired.Adopt)
        {
            LoseState(newest);
            return;
        }

        if (Epoch > 1)
        {
            Write(FaultReasons.EpochNeedsResync, $"Epoch {Epoch} goes on from a recovery point of an earlier one: a copy from scratch over an existing replica would leave stale blocks in it.");
            return;
        }

        await CheckPrerequisitesAsync(cancellationToken);
        await context.Hypervisor.ReleaseAsync(context.MachineId, context.Id, cancellationToken);
        BeginCopy(context);
    }

    /// <summary>Stores a copy that begins at zero, under a new checkpoint that does not exist yet.</summary>
    public static void BeginCopy(ProtectionContext context)
    {
        ChangeTrackingId checkpoint = Checkpoints.Name(context.Progress.Epoch, 0, Guid.NewGuid());
        context.Save(
            progress => progress with { Phase = EnginePhase.Initial, Initial = new InitialCopyState(checkpoint, null, false) },
            progress => context.Store.BeginCopy(context.Id, progress));
        context.Services.Logger.InitialCopyBegins(context.DisplayName, context.Progress.Epoch, checkpoint.Value);
    }

    private async Task CheckPrerequisitesAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<PrerequisiteFailure> failures = await context.Hypervisor
            .CheckPrerequisitesAsync(context.MachineId, context.ExcludedDisks, cancellationToken);
        if (failures.Count == 0)
            return;

        throw new FaultException(
            Protocol.FaultCategory.NonRecoverable,
            failures[0].Reason,
            failures[0].Object,
            string.Join(" ", failures.Select(failure => failure.Message)),
            string.Join(" ", failures.Select(failure => failure.Remedy).Distinct()));
    }

    private async Task<StoredSet?> FindSetOfAsync(ChangeTrackingId checkpoint, CancellationToken cancellationToken)
    {
        if (Checkpoints.TryParse(checkpoint) is not { } name || name.Epoch != Epoch || name.Sequence < 1)
            return null;

        StoredSet? set = await context.Log.ReadSetAsync(Epoch, name.Sequence, cancellationToken);
        return set?.Manifest.Attempt == name.Attempt ? set : null;
    }

    private async Task RebuildAsync(
        StoredSet set, ChangeTrackingId checkpoint, IReadOnlyList<ChangeTrackingId> checkpoints, CancellationToken cancellationToken)
    {
        long sequence = set.Manifest.Sequence;
        if (await context.Log.ReadSetAsync(Epoch, sequence + 1, cancellationToken) is { } next)
        {
            StoredSet newest = await NewestSet.FindAsync(context.Log, Epoch, cancellationToken) ?? next;
            if (newest.Manifest.Kind == SetKind.Seal)
                throw Fenced(newest);
            LoseState(newest);
            return;
        }

        foreach (ChangeTrackingId later in checkpoints.SkipWhile(candidate => candidate != checkpoint).Skip(1).Take(1))
            await context.Hypervisor.AbandonCheckpointAsync(context.MachineId, context.Id, later, cancellationToken);
        context.Save(progress => progress with
        {
            Phase = EnginePhase.Replicating,
            Last = new CommittedSet(sequence, set.Sha256, set.Manifest.Instant, checkpoint, DiskShapes.Of(set.Manifest)),
            NextDiskIndex = NextIndexOf(set.Manifest),
            ResyncedSequence = set.Manifest.Completes == Completes.Resync ? sequence : 0,
        });
        context.Services.Logger.StateRebuilt(context.DisplayName, Epoch, sequence);
    }

    private FaultException Fenced(StoredSet seal) => Ending.WriteAndMakeFault(
        context, EnginePhase.Fenced, Ending.Sealed(context, seal.Manifest.Sequence, seal.Manifest.SealedBy));

    /// <summary>The newest set is known, but not what changed since: its checkpoint stands for nothing.</summary>
    private void LoseState(StoredSet? newest)
    {
        if (newest is { Manifest: { } set })
        {
            ChangeTrackingId checkpoint = Checkpoints.Name(Epoch, set.Sequence, set.Attempt!.Value);
            context.Save(progress => progress with
            {
                Last = new CommittedSet(set.Sequence, newest.Sha256, set.Instant, checkpoint, DiskShapes.Of(set)),
                NextDiskIndex = NextIndexOf(set),
                ResyncedSequence = set.Completes == Completes.Resync ? set.Sequence : 0,
            });
        }

        Write(
            FaultReasons.AgentStateLost,
            $"The vault holds sets of epoch {Epoch} that this agent knows nothing of, and no checkpoint of the newest one is tracked on this host: its state was lost, or the machine moved.");
    }

    private static int NextIndexOf(SetManifest set) => set.Disks.Select(disk => disk.Index + 1).DefaultIfEmpty().Max();

    private void Write(string reason, string message) => Ending.Write(context, EnginePhase.ResyncRequired, Ending.Resync(context, reason, message));
}
