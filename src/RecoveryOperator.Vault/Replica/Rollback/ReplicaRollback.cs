using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Replica.Rollback;

/// <summary>Brings a whole replica back to a point: the steps of docs/resync.md, "Rolling back to a point". May be cut off anywhere and repeated.</summary>
internal sealed class ReplicaRollback(ProtectionVault vault, LeaseSet leases, ReplicaApplierOptions options, IProgress<ApplyProgress>? progress)
{
    /// <summary>Restores every disk of the point.</summary>
    /// <param name="record">What to do.</param>
    /// <param name="position">The newest point that was applied: which disks the replica has, and how large they are.</param>
    /// <param name="now">Time for the record of damage.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Whether it is done (another applier holds a disk otherwise), and damage of the point itself.</returns>
    public async Task<(bool Done, ReplicaDamageRecord? Damage)> RunAsync(
        RollbackRecord record, RecoveryPointDocument? position, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (record.To is not { } to)
            return (true, null);

        RecoveryPointDocument point = await ReadAsync(to, cancellationToken);
        HalfAppliedExtents? half = record.HalfApplied is { } set ? new HalfAppliedExtents(vault, set) : null;
        long totalBytes = point.Disks.Sum(disk => disk.SizeBytes);
        long doneBytes = 0;
        ReplicaDamageRecord? damage = null;
        foreach (PointDisk disk in point.Disks)
        {
            long? size = position?.Disks.FirstOrDefault(candidate => candidate.Index == disk.Index)?.SizeBytes;
            BlockSet always = await FindAlwaysAsync(disk, size, half, cancellationToken);
            DiskRollback rollback = new(vault, leases, disk, always, options.WritesInFlight);
            long before = doneBytes;
            if (!await rollback.RunAsync(size is not null, done => Report(to, before + done, totalBytes), cancellationToken))
                return (false, null);

            doneBytes += disk.SizeBytes;
            damage = Add(damage, rollback, to, disk, now);
        }

        return (true, damage);
    }

    /// <summary>What the tables alone do not tell: see docs/resync.md.</summary>
    private static async Task<BlockSet> FindAlwaysAsync(PointDisk disk, long? size, HalfAppliedExtents? half, CancellationToken cancellationToken)
    {
        BlockSet always = new(disk.SizeBytes);
        long? halfSize = half is null ? null : await half.SizeOfAsync(disk.Index, cancellationToken);
        if (size is not { } standing)
            always.AddFrom(0);
        else if (standing != disk.SizeBytes || (halfSize ?? disk.SizeBytes) != disk.SizeBytes)
            always.AddFrom(Math.Min(disk.SizeBytes, Math.Min(standing, halfSize ?? standing)));
        if (half is not null)
            await half.AddToAsync(always, disk.Index, cancellationToken);

        return always;
    }

    private async Task<RecoveryPointDocument> ReadAsync(PointSummary to, CancellationToken cancellationToken)
    {
        string name = VaultNames.Point(to.Epoch, to.Sequence);
        return await vault.ReadPointAsync(to.Epoch, to.Sequence, cancellationToken) ?? throw new VaultException(
            VaultFault.Damaged,
            $"{vault.Replica.Name}/{name}",
            $"The replica must be rolled back to {name}, but it is not in container {vault.Replica.Name}.",
            "Restore the blob (soft delete keeps it for some days), or remove the protection and protect the VM anew.");
    }

    private void Report(PointSummary to, long doneBytes, long totalBytes) =>
        progress?.Report(new ApplyProgress(ApplyStage.RollBack, to.Epoch, to.Sequence, doneBytes, totalBytes));

    private static ReplicaDamageRecord? Add(ReplicaDamageRecord? damage, DiskRollback rollback, PointSummary point, PointDisk disk, DateTimeOffset now)
    {
        if (rollback.BadBlocks == 0)
            return damage;

        return damage is null
            ? new ReplicaDamageRecord(now, point, disk.Index, rollback.FirstBadOffsetBytes, rollback.BadBlocks)
            : damage with { BadBlocks = damage.BadBlocks + rollback.BadBlocks };
    }
}
