using System.Text.Json;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Encryption;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Replica.Logs;
using RecoveryOperator.Vault.Replica.Resync;

namespace RecoveryOperator.Vault.Replica;

/// <summary>One applier at work on one replica, under its leases: the steps of docs/formats/vault-layout.md, "Applying, and why a crash is safe".</summary>
internal sealed class ApplySession(
    ProtectionVault vault, LeaseSet leases, ReplicaApplierOptions options, AppliedRecord record, ChurnMeter churn, LogUpkeep logs, IProgress<ApplyProgress>? progress)
{
    private static readonly TimeSpan _skewTolerance = TimeSpan.FromMinutes(1);

    private readonly SnapshotStore _snapshots = new(vault, leases);

    private AppliedDocument Applied => record.Value;

    /// <summary>The set of which a part may have been written, since its application began; null before.</summary>
    public HalfAppliedSet? Begun { get; private set; }

    /// <summary>Sets applied since the leases were taken.</summary>
    public int SetsApplied { get; private set; }

    /// <summary>Records a seal. Of a damaged chain, what was never applied before it does not count as applied.</summary>
    public Task SealAsync(StoredSet seal, CancellationToken cancellationToken)
    {
        SealedEpoch ended = new(seal.Manifest.Epoch, Applied.Damage?.Epoch == seal.Manifest.Epoch ? Applied.Sequence : seal.Manifest.Sequence - 1, record.Now());
        AppliedDocument next = Applied with
        {
            Epoch = ended.Epoch,
            Sequence = ended.LastSequence,
            SetSha256 = ended.LastSequence == 0 ? null : Applied.SetSha256,
            Sealed = true,
            SealedEpochs = [.. Applied.SealedEpochs, ended],
        };
        return record.WriteAsync(next, null, cancellationToken);
    }

    /// <summary>Applies the next set and makes its point. False when another applier holds one of the disks.</summary>
    /// <param name="set">The set.</param>
    /// <param name="computed">Tables that count as the replica's from this set on, by disk; empty when the stored ones do.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="SetDamageException">A segment is damaged. Nothing of the set is listed.</exception>
    public async Task<bool> ApplyAsync(StoredSet set, IReadOnlyList<AnsweredTable> computed, CancellationToken cancellationToken)
    {
        SetManifest manifest = set.Manifest;
        ReplicaKeys keys = await ReplicaKeys.OpenAsync(vault, options.EncryptionKeys, manifest, cancellationToken);
        PointSlot slot = await PointSlot.TakeAsync(vault, manifest.Epoch, manifest.Sequence, cancellationToken);
        if (slot.Standing?.SetSha256 == set.Sha256)
        {
            await FinishAsync(manifest, slot.Standing, ShippedBytes(manifest), cancellationToken);
            return true;
        }

        if (slot.Standing is not null)
            throw new SetDamageException(VaultNames.Set(manifest.Epoch, manifest.Sequence), "a point of another set stands at its place");

        Begun = new HalfAppliedSet(manifest.Epoch, manifest.Sequence, Retried: !slot.IsFresh);
        if (!slot.IsFresh)
            await new ReplicaPruner(vault, leases, _snapshots).RemoveLeftoversAsync(manifest.Epoch, manifest.Sequence, cancellationToken);

        SetApplier applier = new(vault, manifest, keys, Applied.Encrypted, progress);
        long writtenBytes = 0;
        progress?.Report(new ApplyProgress(ApplyStage.Apply, manifest.Epoch, manifest.Sequence, 0, ShippedBytes(manifest)));
        foreach (SetDisk disk in manifest.Disks)
        {
            await using PageBlobReplicaDisk? replica = await OpenAsync(disk, manifest, cancellationToken);
            if (replica is null)
                return false;

            if (computed.FirstOrDefault(table => table.Index == disk.Index) is { } table)
                await new ComputedTables(vault, leases).TakeOverAsync(table, disk.SizeBytes, cancellationToken);
            await applier.ApplyAsync(disk, replica, cancellationToken);
            writtenBytes += replica.WrittenBytes;
            if (manifest.Completes == Completes.None)
                churn.Add(disk.Index, manifest.Instant, replica.WrittenBytes, replica.Requests);
        }

        RecoveryPointDocument point = (await SnapshotAsync(set, cancellationToken)) with { AppliedBytesTotal = Applied.AppliedBytesTotal + writtenBytes };
        await slot.FillAsync(point, cancellationToken);
        await FinishAsync(manifest, point, applier.SegmentBytes, cancellationToken);
        return true;
    }

    /// <summary>Removes old points and what belongs to none.</summary>
    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        progress?.Report(new ApplyProgress(ApplyStage.Prune, Applied.Epoch, Applied.Sequence, 0, 0));
        AppliedDocument next = await new ReplicaUpkeep(vault, leases, _snapshots, logs, options, record.Now).RunAsync(Applied, record.Newest, cancellationToken);
        if (next != Applied)
            await record.WriteAsync(next, null, cancellationToken);
    }

    /// <summary>Removes logs that are of no use any more, as far as they are due; points stay as they are.</summary>
    public async Task PruneLogsAsync(CancellationToken cancellationToken)
    {
        progress?.Report(new ApplyProgress(ApplyStage.Prune, Applied.Epoch, Applied.Sequence, 0, 0));
        AppliedDocument pruned = await logs.PruneAsync(Applied, record.Now(), cancellationToken);
        if (pruned != Applied)
            await record.WriteAsync(pruned, null, cancellationToken);
        if (await logs.SweepAsync(Applied, record.Now(), cancellationToken) is { } swept)
            await record.WriteAsync(swept, null, cancellationToken);
    }

    private Task<PageBlobReplicaDisk?> OpenAsync(SetDisk disk, SetManifest set, CancellationToken cancellationToken)
    {
        long? readySize = record.Newest?.Disks.FirstOrDefault(candidate => candidate.Index == disk.Index)?.SizeBytes;
        return new ReplicaDiskOpener(vault, leases, options).OpenAsync(disk, readySize, set.Instant, Mends(set), cancellationToken);
    }

    private async Task<RecoveryPointDocument> SnapshotAsync(StoredSet set, CancellationToken cancellationToken)
    {
        SetManifest manifest = set.Manifest;
        progress?.Report(new ApplyProgress(ApplyStage.Snapshot, manifest.Epoch, manifest.Sequence, 0, 0));
        List<PointDisk> disks = [];
        foreach (SetDisk disk in manifest.Disks)
            disks.Add(await _snapshots.TakeAsync(disk, manifest.Epoch, manifest.Sequence, cancellationToken));

        return new RecoveryPointDocument
        {
            Epoch = manifest.Epoch,
            Sequence = manifest.Sequence,
            Instant = manifest.Instant,
            Consistency = manifest.Consistency,
            ConsistencyReason = manifest.ConsistencyReason,
            SetSha256 = set.Sha256,
            CreatedAt = set.StoredAt,
            ClockSkew = manifest.Instant > set.StoredAt + _skewTolerance || manifest.Instant < record.Newest?.Instant,
            Machine = Guards.Hold(Guard.MachineInPoints) ? manifest.Machine! : new MachineRecord("", "", JsonSerializer.SerializeToElement<string?>(null)),
            Damage = DamageWithin(manifest),
            Disks = disks,
        };
    }

    /// <summary>Blocks that are known to be bad stay bad in each point that is made of them, until verification finds a whole one or a resynchronization mends them.</summary>
    private PointDamageRecord? DamageWithin(SetManifest set) => Applied.ReplicaDamage is { } damage && !Mends(set)
        ? new PointDamageRecord(damage.FoundAt, damage.Disk, damage.OffsetBytes, damage.BadBlocks)
        : null;

    private async Task FinishAsync(SetManifest set, RecoveryPointDocument point, long shippedBytes, CancellationToken cancellationToken)
    {
        PointSummary summary = new(point.Epoch, point.Sequence, point.Instant, point.Consistency);
        AppliedDocument next = Applied with
        {
            Epoch = point.Epoch,
            Sequence = point.Sequence,
            SetSha256 = point.SetSha256,
            LatestPoint = summary,
            OldestPoint = Applied.OldestPoint ?? summary,
            LatestAppConsistentPoint = point.Consistency == Consistency.AppConsistent ? summary : Applied.LatestAppConsistentPoint,
            PointCount = Applied.PointCount + 1,
            Encrypted = Applied.Encrypted || set.DataKeys is not null,
            ShippedBytesTotal = Applied.ShippedBytesTotal + shippedBytes,
            AppliedBytesTotal = Math.Max(point.AppliedBytesTotal ?? 0, Applied.AppliedBytesTotal), // The point may stand already: made by an applier that was killed right after.
            ExcessiveChurn = churn.Judge(point.Instant, Applied.ExcessiveChurn),
        };
        await record.WriteAsync(set.Completes == Completes.Resync ? Resynchronized(next, set) : next, point, cancellationToken);
        SetsApplied++;
    }

    /// <summary>What a resynchronization puts right: a chain that had ended, and damage of the replica where its own content was compared.</summary>
    private AppliedDocument Resynchronized(AppliedDocument next, SetManifest set) => next with
    {
        Damage = null,
        Skipped = Applied.Damage is { } damage
            ? [.. Applied.Skipped, new SkippedSets(set.Epoch, Applied.Sequence + 1, set.Sequence - 1, damage.Reason)]
            : Applied.Skipped,
        ReplicaDamage = Mends(set) ? null : Applied.ReplicaDamage,
    };

    /// <summary>A resynchronization that compared the replica's own content, not what its tables say of it.</summary>
    private static bool Mends(SetManifest set) => set is { Completes: Completes.Resync, ComparedWith.Computed: true };

    private static long ShippedBytes(SetManifest set) => set.Disks.Sum(BaseSegments.LengthBytes);
}
