using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Replica.Rollback;

/// <summary>When a replica is rolled back, and what is recorded before and after: the frame of <see cref="ReplicaRollback"/>.</summary>
internal sealed class RollbackSteps(ProtectionVault vault, AppliedRecord record, ReplicaRollback rollback, Func<DateTimeOffset> storageNow)
{
    /// <summary>
    /// Records damage: the chain ends here. If a part of the set may have been written, the rollback is recorded with it, in one write. A set that never took its
    /// point's place was never begun.
    /// </summary>
    /// <param name="damage">The damage.</param>
    /// <param name="begun">The set that this applier began, as far as it came.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task RecordDamageAsync(DamageRecord damage, HalfAppliedSet? begun, CancellationToken cancellationToken)
    {
        HalfAppliedSet? half = (begun?.Epoch, begun?.Sequence) == (damage.Epoch, damage.Sequence) ? begun! with { RefusedBlob = damage.Blob }
            : await PointSlot.IsTakenAsync(vault, damage.Epoch, damage.Sequence, cancellationToken) ? new HalfAppliedSet(damage.Epoch, damage.Sequence, Retried: true)
            : null;
        await record.WriteAsync(
            record.Value with
            {
                Damage = damage with { RolledBack = half is null },
                Rollback = half is null ? null : new RollbackRecord(record.Value.LatestPoint, damage.Reason, null, half),
            },
            null,
            cancellationToken);
    }

    /// <summary>Begins the rollback for a damage that was recorded without one.</summary>
    public Task BeginAsync(DamageRecord damage, CancellationToken cancellationToken)
    {
        HalfAppliedSet half = new(damage.Epoch, damage.Sequence, Retried: true);
        return record.WriteAsync(
            record.Value with { Rollback = new RollbackRecord(record.Value.LatestPoint, damage.Reason, null, half) }, null, cancellationToken);
    }

    /// <summary>Begins the rollback to the point that an epoch starts from.</summary>
    public Task BeginAsync(long newEpoch, PointSummary parent, CancellationToken cancellationToken) => record.WriteAsync(
        record.Value with { Rollback = new RollbackRecord(parent, $"Epoch {newEpoch} begins from it.", newEpoch) }, null, cancellationToken);

    /// <summary>Does what is recorded. False when another applier holds a disk.</summary>
    public async Task<bool> RunAsync(RollbackRecord wanted, CancellationToken cancellationToken)
    {
        if (wanted.HalfApplied is { } half)
            await PointSlot.AbandonAsync(vault, half.Epoch, half.Sequence, cancellationToken);
        if (wanted.NewEpoch is { } begins)
            await PointSlot.EmptyAsync(vault, begins, 1, record.ConfirmAsync, cancellationToken);

        (bool isDone, ReplicaDamageRecord? damage) = await rollback.RunAsync(wanted, record.Newest, storageNow(), cancellationToken);
        if (!isDone)
            return false;

        AppliedDocument ended = record.Value with { Rollback = null, ReplicaDamage = damage ?? record.Value.ReplicaDamage };
        await record.WriteAsync(wanted.NewEpoch is { } epoch ? Begun(ended, epoch, wanted.To!) : Undone(ended), null, cancellationToken);
        return true;
    }

    private static AppliedDocument Undone(AppliedDocument applied) => applied with { Damage = applied.Damage! with { RolledBack = true } };

    private static AppliedDocument Begun(AppliedDocument applied, long epoch, PointSummary parent) => applied with
    {
        Epoch = epoch,
        Sequence = 0,
        SetSha256 = null,
        Sealed = false,
        LatestPoint = parent,
        LatestAppConsistentPoint = IsBehind(applied.LatestAppConsistentPoint, parent) ? null : applied.LatestAppConsistentPoint,
        Damage = null,
        Skipped = applied.Damage is { } damage
            ? [.. applied.Skipped, new SkippedSets(damage.Epoch, LastBefore(applied, damage) + 1, damage.Sequence, damage.Reason)]
            : applied.Skipped,
    };

    private static bool IsBehind(PointSummary? point, PointSummary parent) =>
        point is not null && (point.Epoch > parent.Epoch || (point.Epoch == parent.Epoch && point.Sequence > parent.Sequence));

    private static long LastBefore(AppliedDocument applied, DamageRecord damage) =>
        applied.SealedEpochs.FirstOrDefault(ended => ended.Epoch == damage.Epoch)?.LastSequence ?? damage.Sequence - 1;
}
