using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica.Logs;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica;

/// <summary>What is due now and then on a replica besides applying: old points go, logs of applied sets go, the storage used is measured.</summary>
internal sealed class ReplicaUpkeep(ProtectionVault vault, LeaseSet leases, SnapshotStore snapshots, LogUpkeep logs, ReplicaApplierOptions options, Func<DateTimeOffset> storageNow)
{
    /// <summary>Does it, and returns the document that says so.</summary>
    public async Task<AppliedDocument> RunAsync(AppliedDocument applied, RecoveryPointDocument? newest, CancellationToken cancellationToken)
    {
        IReadOnlyList<ListedPoint> left = await new ReplicaPruner(vault, leases, snapshots).PruneAsync(applied.LatestPoint, cancellationToken);
        AppliedDocument next = applied with
        {
            PointCount = left.Count,
            OldestPoint = left.Count > 0 ? left[0].Summary : null,
            LatestAppConsistentPoint = left.LastOrDefault(point => point.Summary.Consistency == Consistency.AppConsistent)?.Summary,
        };
        DateTimeOffset now = storageNow();
        next = await logs.PruneAsync(next, now, cancellationToken);
        return next.StorageMeasuredAt is { } last && now - last < options.MeasureInterval ? next : await MeasureAsync(next, newest, left, now, cancellationToken);
    }

    private async Task<AppliedDocument> MeasureAsync(
        AppliedDocument applied, RecoveryPointDocument? newest, IReadOnlyList<ListedPoint> points, DateTimeOffset now, CancellationToken cancellationToken)
    {
        long allocated = 0;
        foreach (PointDisk disk in newest?.Disks ?? [])
            allocated += await AllocatedBytesAsync(vault.Replica.GetPageBlobClient(disk.Blob), cancellationToken);
        return applied with
        {
            StorageMeasuredAt = now,
            ReplicaAllocatedBytes = allocated,
            SnapshotBytesAtMost = SnapshotBytesAtMost(points, allocated),
            LogBytes = applied.ShippedBytesTotal - applied.PrunedLogBytesTotal,
        };
    }

    private static Task<long> AllocatedBytesAsync(PageBlobClient blob, CancellationToken cancellationToken) => StorageCall.RunAsync(
        blob.Uri,
        async () =>
        {
            long bytes = 0;
            await foreach (PageRangeItem item in blob.GetAllPageRangesAsync(cancellationToken: cancellationToken).WithCancellation(cancellationToken))
                bytes += item.IsClear ? 0 : item.Range.Length ?? 0;
            return bytes;
        },
        cancellationToken);

    /// <summary>A snapshot holds what was overwritten since: no more than was written between it and the next one, and no more than a whole replica.</summary>
    internal static long? SnapshotBytesAtMost(IReadOnlyList<ListedPoint> oldestFirst, long allocatedBytes)
    {
        long bytes = 0;
        for (int index = 1; index < oldestFirst.Count; index++)
        {
            if (oldestFirst[index].AppliedBytesTotal - oldestFirst[index - 1].AppliedBytesTotal is not { } written)
                return null; // Made by an earlier version: not known.
            bytes += Math.Clamp(written, 0, allocatedBytes);
        }

        return bytes;
    }
}
