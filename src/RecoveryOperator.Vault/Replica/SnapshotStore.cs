using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica;

/// <summary>Snapshots of disks and checksum tables: making them under lease, listing them, removing them.</summary>
internal sealed class SnapshotStore(ProtectionVault vault, LeaseSet leases)
{
    private const int ParallelDeletes = 8;

    /// <summary>Snapshots a disk and its checksum table for a set.</summary>
    public async Task<PointDisk> TakeAsync(SetDisk disk, long epoch, long sequence, CancellationToken cancellationToken)
    {
        string blob = VaultNames.Disk(disk.Index);
        string content = await TakeAsync(vault.Replica.GetPageBlobClient(blob), epoch, sequence, cancellationToken);
        string sums = await TakeAsync(vault.Log.GetPageBlobClient(VaultNames.Sums(disk.Index)), epoch, sequence, cancellationToken);
        return new PointDisk(disk.Index, disk.Target, disk.SizeBytes, blob, content, sums);
    }

    /// <summary>All snapshots of disks and tables, with the set that each was made for.</summary>
    public async Task<List<ListedSnapshot>> ListAsync(CancellationToken cancellationToken)
    {
        List<ListedSnapshot> all = [];
        await AddAsync(all, vault.Replica, "disk-", cancellationToken);
        await AddAsync(all, vault.Log, "sums/", cancellationToken);
        return all;
    }

    /// <summary>Removes snapshots; ones that are gone already count as removed.</summary>
    public static Task RemoveAsync(IEnumerable<ListedSnapshot> snapshots, CancellationToken cancellationToken)
    {
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = ParallelDeletes, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(snapshots, parallel, async (snapshot, token) =>
        {
            BlobBaseClient blob = snapshot.Container.GetBlobBaseClient(snapshot.Blob).WithSnapshot(snapshot.Snapshot);
            await StorageCall.RunAsync(blob.Uri, () => blob.DeleteIfExistsAsync(cancellationToken: token), token);
        });
    }

    private Task<string> TakeAsync(PageBlobClient blob, long epoch, long sequence, CancellationToken cancellationToken) => StorageCall.RunAsync(
        blob.Uri,
        async () =>
        {
            BlobRequestConditions conditions = new() { LeaseId = leases.IdOf(blob) };
            BlobSnapshotInfo made = await blob.CreateSnapshotAsync(PointIndex.DescribeSet(epoch, sequence), conditions, cancellationToken);
            return made.Snapshot;
        },
        cancellationToken);

    private static async Task AddAsync(List<ListedSnapshot> all, BlobContainerClient container, string prefix, CancellationToken cancellationToken)
    {
        GetBlobsOptions options = new() { Prefix = prefix, States = BlobStates.Snapshots, Traits = BlobTraits.Metadata };
        IAsyncEnumerable<BlobItem> blobs = StorageCall.ListAsync(container.Uri, container.GetBlobsAsync(options, cancellationToken), cancellationToken);
        await foreach (BlobItem blob in blobs.WithCancellation(cancellationToken))
        {
            if (blob.Snapshot is { Length: > 0 } snapshot && PointIndex.SetOf(blob.Metadata) is { } set)
                all.Add(new ListedSnapshot(container, blob.Name, snapshot, set.Epoch, set.Sequence));
        }
    }
}

/// <summary>A snapshot and the set that it was made for.</summary>
internal sealed record ListedSnapshot(BlobContainerClient Container, string Blob, string Snapshot, long Epoch, long Sequence);
