using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Replica.Logs;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// Removes the segments of sets that were applied some time ago, in the sets' order; <c>set.json</c> stays (docs/formats/vault-layout.md, "Logs of applied sets"). Safe
/// without a lease: what is applied stays applied, whoever holds the replica now.
/// </summary>
internal sealed class LogPruner(ProtectionVault vault, LogBlobs blobs)
{
    /// <summary>Removes them behind <see cref="AppliedDocument.LogsPrunedThrough"/>.</summary>
    /// <param name="applied">How far the replica is; nothing behind its position is touched.</param>
    /// <param name="olderThan">Only sets that were stored before this.</param>
    /// <param name="maxSets">Sets in this call.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The document with the new place and sum, and when the oldest set was stored that is left.</returns>
    public async Task<AppliedDocument> PruneAsync(AppliedDocument applied, DateTimeOffset olderThan, int maxSets, CancellationToken cancellationToken)
    {
        AppliedDocument next = applied;
        for (int sets = 0; sets < maxSets && LogUpkeepPlan.NextSet(next) is { } place; sets++)
        {
            StoredSet? set = await ReadAsync(place, cancellationToken);
            if (set?.StoredAt >= olderThan)
                return next.OldestLogsAt == set.StoredAt ? next : next with { OldestLogsAt = set.StoredAt };

            long removedBytes = await RemoveAsync(set?.Manifest, cancellationToken);
            next = next with { LogsPrunedThrough = place, PrunedLogBytesTotal = next.PrunedLogBytesTotal + removedBytes, OldestLogsAt = set?.StoredAt ?? next.OldestLogsAt };
        }

        return next.OldestLogsAt is not null && LogUpkeepPlan.NextSet(next) is null ? next with { OldestLogsAt = null } : next;
    }

    /// <summary>A set that is damaged or missing was skipped when it was applied: it names nothing that could be believed.</summary>
    private async Task<StoredSet?> ReadAsync(SetPosition place, CancellationToken cancellationToken)
    {
        try
        {
            return await vault.ReadSetAsync(place.Epoch, place.Sequence, cancellationToken);
        }
        catch (VaultException fault) when (fault.Fault == VaultFault.Damaged)
        {
            return null; // Recorded as damage when it was met.
        }
    }

    /// <summary>A set that names blobs which are not its own was skipped too: nothing of it is touched. Lists of base segments go after what they list.</summary>
    private async Task<long> RemoveAsync(SetManifest? set, CancellationToken cancellationToken)
    {
        if (set is not { Kind: SetKind.Set, Attempt: not null } || SetCheck.FindDiskFault(set) is not null)
            return 0;

        foreach (SetDisk disk in set.Disks)
        {
            await RemoveBaseAsync(set, disk, cancellationToken);
            await blobs.RemoveAsync(disk.Segments.Select(segment => segment.Blob), cancellationToken);
            await blobs.RemoveAsync(disk.BaseLists?.Select(list => list.Blob) ?? [], cancellationToken);
        }

        return set.Disks.Sum(BaseSegments.LengthBytes);
    }

    private async Task RemoveBaseAsync(SetManifest set, SetDisk disk, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (IReadOnlyList<SegmentRecord> part in BaseSegments.ReadAsync(vault.Log, set, disk, cancellationToken))
                await blobs.RemoveAsync(part.Select(segment => segment.Blob), cancellationToken);
        }
        catch (SetDamageException)
        {
            return; // A list is gone: an earlier pruning had removed all that the lists name, and was cut off.
        }
    }
}
