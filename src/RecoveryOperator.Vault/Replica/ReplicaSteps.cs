using Microsoft.Extensions.Logging;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Replica.Logs;
using RecoveryOperator.Vault.Replica.Resync;
using RecoveryOperator.Vault.Replica.Rollback;

namespace RecoveryOperator.Vault.Replica;

/// <summary>What an applier does next, decided by <c>applied.json</c> alone: finish a rollback, begin the next epoch, walk over a damaged chain, or apply the next set.</summary>
internal sealed partial class ReplicaSteps(
    ProtectionVault vault, LeaseSet leases, AppliedRecord record, ApplySession session, RollbackSteps rollback, DamagedChain chain, ReplicaStatePublisher state, ILogger logger)
{
    /// <summary>One step. <see cref="ApplyOutcome.More"/>: there may be another.</summary>
    public async Task<ApplyOutcome> StepAsync(CancellationToken cancellationToken)
    {
        AppliedDocument applied = record.Value;
        if (applied.Rollback is { } wanted)
            return await RollBackAsync(wanted, cancellationToken);
        if (applied.Damage is { RolledBack: false } damage)
        {
            await rollback.BeginAsync(damage, cancellationToken);
            return ApplyOutcome.More;
        }

        if (applied.Sealed)
            return await BeginEpochAsync(applied, cancellationToken);

        return applied.Damage is null ? await ApplyNextAsync(applied, cancellationToken) : await GoOnAsync(applied, cancellationToken);
    }

    private async Task<ApplyOutcome> RollBackAsync(RollbackRecord wanted, CancellationToken cancellationToken)
    {
        LogRollingBack(logger, vault.Id, wanted.To?.Epoch ?? 0, wanted.To?.Sequence ?? 0, wanted.Reason);
        if (!await rollback.RunAsync(wanted, cancellationToken))
            return ApplyOutcome.LeaseHeld;

        LogRolledBack(logger, vault.Id, wanted.To?.Epoch ?? 0, wanted.To?.Sequence ?? 0);
        return ApplyOutcome.More;
    }

    private async Task<ApplyOutcome> BeginEpochAsync(AppliedDocument applied, CancellationToken cancellationToken)
    {
        if (await new EpochSuccession(vault).FindAsync(applied, cancellationToken) is not { } next)
            return ApplyOutcome.Sealed;

        if (next.Seal is { } seal)
            await session.SealAsync(seal, cancellationToken);
        else
            await rollback.BeginAsync(next.Epoch, next.Parent!, cancellationToken);
        return ApplyOutcome.More;
    }

    private async Task<ApplyOutcome> ApplyNextAsync(AppliedDocument applied, CancellationToken cancellationToken)
    {
        SetPlace place = SetPlace.Behind(applied);
        try
        {
            StoredSet? set = await vault.ReadSetAsync(place.Position.Epoch, place.Sequence, cancellationToken);
            if (set is null)
                return ApplyOutcome.UpToDate;

            return await ApplyAsync(set, place, cancellationToken);
        }
        catch (SetDamageException damage)
        {
            return await RecordAsync(place, damage.Blob, damage, cancellationToken);
        }
        catch (VaultException unreadable) when (unreadable.Fault == VaultFault.Damaged && unreadable.Target.EndsWith(VaultNames.Set(place.Position.Epoch, place.Sequence), StringComparison.Ordinal))
        {
            return await RecordAsync(place, unreadable.Target, unreadable, cancellationToken);
        }
    }

    /// <summary>Behind a damaged set only one that completes a resynchronization is applied.</summary>
    private async Task<ApplyOutcome> GoOnAsync(AppliedDocument applied, CancellationToken cancellationToken)
    {
        if (await chain.FindNextAsync(applied, cancellationToken) is not var (set, place))
            return ApplyOutcome.Damaged;

        try
        {
            return await ApplyAsync(set, place, cancellationToken);
        }
        catch (SetDamageException damage)
        {
            return await RecordAsync(place, damage.Blob, damage, cancellationToken);
        }
    }

    private async Task<ApplyOutcome> ApplyAsync(StoredSet set, SetPlace place, CancellationToken cancellationToken)
    {
        SetManifest manifest = set.Manifest;
        if (SetCheck.FindFault(set, vault.Id, place, state.Told) is { } fault)
            throw new SetDamageException(VaultNames.Set(place.Position.Epoch, place.Sequence), fault);

        if (manifest.Kind == SetKind.Seal)
        {
            await session.SealAsync(set, cancellationToken);
            LogSealed(logger, vault.Id, manifest.Epoch, manifest.Sequence);
            return ApplyOutcome.More;
        }

        if (await new EpochSuccession(vault).FindOtherParentAsync(record.Value, cancellationToken) is { } parent)
        {
            await rollback.BeginAsync(manifest.Epoch, parent, cancellationToken);
            return ApplyOutcome.More;
        }

        IReadOnlyList<AnsweredTable> computed = manifest.ComparedWith is { Computed: true } ? state.Told!.Answer!.Tables : [];
        if (!await session.ApplyAsync(set, computed, cancellationToken))
            return ApplyOutcome.LeaseHeld;

        LogApplied(logger, vault.Id, manifest.Epoch, manifest.Sequence);
        await SweepAsync(set, cancellationToken);
        return ApplyOutcome.More;
    }

    /// <summary>A set without segments is of a machine that did not change, so no earlier try of it can have shipped any: it costs no listing.</summary>
    private async Task SweepAsync(StoredSet set, CancellationToken cancellationToken)
    {
        if (set.Manifest.Completes == Completes.None && !set.Manifest.Disks.Any(BaseSegments.HasAny))
            return;

        try
        {
            int removed = await new LogSweeper(vault, new LogBlobs(vault, logger)).SweepAsync(set, cancellationToken);
            if (set.Manifest.Completes == Completes.Resync)
                removed += await new ComputedTables(vault, leases).SweepAsync(cancellationToken);
            if (removed > 0)
                LogSwept(logger, vault.Id, set.Manifest.Epoch, set.Manifest.Sequence, removed);
        }
        catch (Exception fault) when (fault is VaultException or SetDamageException)
        {
            LogNotSwept(logger, fault, vault.Id, set.Manifest.Epoch, set.Manifest.Sequence);
        }
    }

    private async Task<ApplyOutcome> RecordAsync(SetPlace place, string blob, Exception damage, CancellationToken cancellationToken)
    {
        LogDamaged(logger, damage, vault.Id, place.Position.Epoch, place.Sequence, blob);
        await rollback.RecordDamageAsync(new DamageRecord(place.Position.Epoch, place.Sequence, blob, damage.Message), session.Begun, cancellationToken);
        return ApplyOutcome.More;
    }
}
