using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica;

/// <summary>One applier at work on one replica, under its leases: the steps of docs/formats/vault-layout.md, "Applying, and why a crash is safe".</summary>
internal sealed class ApplySession(ProtectionVault vault, LeaseSet leases, ReplicaApplierOptions options, IProgress<ApplyProgress>? progress, Func<DateTimeOffset> storageNow)
{
    private static readonly TimeSpan _skewTolerance = TimeSpan.FromMinutes(1);

    private readonly BlockBlobClient _appliedBlob = vault.Replica.GetBlockBlobClient(VaultNames.Applied);
    private readonly SnapshotStore _snapshots = new(vault, leases);
    private RecoveryPointDocument? _newest;

    /// <summary>How far the replica is.</summary>
    public AppliedDocument Applied { get; private set; } = new();

    /// <summary>Takes the lease of the replica and reads how far it is. False when another applier holds it.</summary>
    public async Task<bool> BeginAsync(CancellationToken cancellationToken)
    {
        DocumentBlob<AppliedDocument> document = new(_appliedBlob);
        await document.CreateAsync(new AppliedDocument(), cancellationToken);
        if (!await leases.TryAcquireAsync(_appliedBlob, cancellationToken))
            return false;

        Applied = (await document.ReadAsync(cancellationToken))?.Document.Value ?? new AppliedDocument();
        _newest = Applied.LatestPoint is { } latest ? await ReadNewestAsync(latest, cancellationToken) : null;
        return true;
    }

    /// <summary>Records a seal.</summary>
    public Task SealAsync(StoredSet seal, CancellationToken cancellationToken)
    {
        SealedEpoch ended = new(seal.Manifest.Epoch, seal.Manifest.Sequence - 1);
        AppliedDocument next = Applied with { Epoch = ended.Epoch, Sequence = ended.LastSequence, Sealed = true, SealedEpochs = [.. Applied.SealedEpochs, ended] };
        return WriteAppliedAsync(next, cancellationToken);
    }

    /// <summary>Records damage: the chain ends here.</summary>
    public Task RecordDamageAsync(long epoch, long sequence, string blob, string reason, CancellationToken cancellationToken) =>
        WriteAppliedAsync(Applied with { Damage = new DamageRecord(epoch, sequence, blob, reason) }, cancellationToken);

    /// <summary>Applies the next set and makes its point. False when another applier holds one of the disks.</summary>
    /// <exception cref="SetDamageException">A segment is damaged. Nothing of the set is listed.</exception>
    public async Task<bool> ApplyAsync(StoredSet set, CancellationToken cancellationToken)
    {
        SetManifest manifest = set.Manifest;
        PointSlot slot = await PointSlot.TakeAsync(vault, manifest.Epoch, manifest.Sequence, cancellationToken);
        if (slot.Standing?.SetSha256 == set.Sha256)
        {
            await FinishAsync(slot.Standing, ShippedBytes(manifest), 0, cancellationToken);
            return true;
        }

        if (slot.Standing is not null)
            throw new SetDamageException(VaultNames.Set(manifest.Epoch, manifest.Sequence), "a point of another set stands at its place");
        if (!slot.IsFresh)
            await new ReplicaPruner(vault, leases, _snapshots).RemoveLeftoversAsync(manifest.Epoch, manifest.Sequence, cancellationToken);

        SetApplier applier = new(vault, manifest, progress);
        long writtenBytes = 0;
        progress?.Report(new ApplyProgress(ApplyStage.Apply, manifest.Epoch, manifest.Sequence, 0, ShippedBytes(manifest)));
        try
        {
            foreach (SetDisk disk in manifest.Disks)
            {
                await using PageBlobReplicaDisk? replica = await OpenAsync(disk, manifest.Instant, cancellationToken);
                if (replica is null)
                    return false;

                await applier.ApplyAsync(disk, replica, cancellationToken);
                writtenBytes += replica.WrittenBytes;
            }
        }
        catch (SetDamageException)
        {
            await slot.AbandonAsync(cancellationToken);
            throw;
        }

        RecoveryPointDocument point = (await SnapshotAsync(set, cancellationToken)) with { AppliedBytesTotal = Applied.AppliedBytesTotal + writtenBytes };
        await slot.FillAsync(point, cancellationToken);
        await FinishAsync(point, applier.SegmentBytes, writtenBytes, cancellationToken);
        return true;
    }

    /// <summary>Removes old points and what belongs to none.</summary>
    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        progress?.Report(new ApplyProgress(ApplyStage.Prune, Applied.Epoch, Applied.Sequence, 0, 0));
        IReadOnlyList<ListedPoint> left = await new ReplicaPruner(vault, leases, _snapshots).PruneAsync(cancellationToken);
        AppliedDocument next = Applied with
        {
            PointCount = left.Count,
            OldestPoint = left.Count > 0 ? left[0].Summary : null,
            LatestAppConsistentPoint = left.LastOrDefault(point => point.Summary.Consistency == Consistency.AppConsistent)?.Summary,
        };
        if (next != Applied)
            await WriteAppliedAsync(next, cancellationToken);
    }

    /// <summary>The newest point tells which disks are whole. Without it nothing may be applied: a disk would count as new and be cleared.</summary>
    private async Task<RecoveryPointDocument> ReadNewestAsync(PointSummary latest, CancellationToken cancellationToken)
    {
        string name = VaultNames.Point(latest.Epoch, latest.Sequence);
        return await vault.ReadPointAsync(latest.Epoch, latest.Sequence, cancellationToken) ?? throw new VaultException(
            VaultFault.Damaged,
            $"{vault.Replica.Name}/{name}",
            $"{VaultNames.Applied} names {name} as the newest point, but it is not in container {vault.Replica.Name}.",
            "Restore the blob (soft delete keeps it for some days), or remove the protection and protect the VM anew.");
    }

    private Task<PageBlobReplicaDisk?> OpenAsync(SetDisk disk, DateTimeOffset instant, CancellationToken cancellationToken)
    {
        long? readySize = _newest?.Disks.FirstOrDefault(candidate => candidate.Index == disk.Index)?.SizeBytes;
        return new ReplicaDiskOpener(vault, leases, options.WritesInFlight).OpenAsync(disk, readySize, instant, cancellationToken);
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
            SetSha256 = set.Sha256,
            CreatedAt = set.StoredAt,
            ClockSkew = manifest.Instant > set.StoredAt + _skewTolerance || manifest.Instant < _newest?.Instant,
            Machine = manifest.Machine!,
            Disks = disks,
        };
    }

    private async Task FinishAsync(RecoveryPointDocument point, long shippedBytes, long writtenBytes, CancellationToken cancellationToken)
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
            ShippedBytesTotal = Applied.ShippedBytesTotal + shippedBytes,
            AppliedBytesTotal = Applied.AppliedBytesTotal + writtenBytes,
        };
        await WriteAppliedAsync(next, cancellationToken);
        _newest = point;
    }

    private static long ShippedBytes(SetManifest set) => set.Disks.Sum(disk => disk.Base.Concat(disk.Segments).Sum(segment => segment.LengthBytes));

    private async Task WriteAppliedAsync(AppliedDocument next, CancellationToken cancellationToken)
    {
        AppliedDocument stamped = next with { AppliedAt = storageNow() };
        await new DocumentBlob<AppliedDocument>(_appliedBlob).OverwriteAsync(stamped, leases.IdOf(_appliedBlob), cancellationToken);
        Applied = stamped;
    }
}
