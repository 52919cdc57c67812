using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Replication.Retention;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// Removes points past their retention, then snapshots that no point names. Only what was listed before the lease was confirmed is removed, so an
/// applier that stalls here cannot remove its successor's snapshots.
/// </summary>
internal sealed class ReplicaPruner(ProtectionVault vault, LeaseSet leases, SnapshotStore snapshots)
{
    private readonly BlockBlobClient _applied = vault.Replica.GetBlockBlobClient(VaultNames.Applied);

    /// <summary>Prunes, and returns the points that are left, oldest first.</summary>
    /// <param name="latest">The newest point of the present history, which may be older than points of an epoch that was given up. It stays.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IReadOnlyList<ListedPoint>> PruneAsync(PointSummary? latest, CancellationToken cancellationToken)
    {
        JournalDocument? journal = (await vault.ReadJournalAsync(cancellationToken))?.Value;
        HashSet<(long, long)> inUse = await ListInUseAsync(journal, latest, cancellationToken);
        List<ListedSnapshot> allSnapshots = await snapshots.ListAsync(cancellationToken);
        List<ListedPoint> points = await ListPointsAsync(cancellationToken);
        HashSet<(long, long)> removed = Plan(points, journal, inUse);
        await leases.ConfirmAsync(_applied, cancellationToken);

        foreach ((long epoch, long sequence) in removed)
            await RemovePointAsync(epoch, sequence, cancellationToken);

        points.RemoveAll(point => removed.Contains((point.Summary.Epoch, point.Summary.Sequence)));
        HashSet<(long, long)> named = [.. points.Select(point => (point.Summary.Epoch, point.Summary.Sequence))];
        await SnapshotStore.RemoveAsync(allSnapshots.Where(snapshot => !named.Contains((snapshot.Epoch, snapshot.Sequence))), cancellationToken);
        return points;
    }

    /// <summary>Removes what an earlier, cut off try of a set left.</summary>
    public async Task RemoveLeftoversAsync(long epoch, long sequence, CancellationToken cancellationToken)
    {
        List<ListedSnapshot> all = await snapshots.ListAsync(cancellationToken);
        await leases.ConfirmAsync(_applied, cancellationToken);
        await SnapshotStore.RemoveAsync(all.Where(snapshot => snapshot.Epoch == epoch && snapshot.Sequence == sequence), cancellationToken);
    }

    private static HashSet<(long, long)> Plan(List<ListedPoint> points, JournalDocument? journal, HashSet<(long, long)> inUse)
    {
        if (journal is null)
            return [];

        List<RetainedPoint> retained = [.. points.Select(point => new RetainedPoint(
            point.Summary.Epoch, point.Summary.Sequence, point.StoredAt, point.ClockSkew, point.Verified,
            inUse.Contains((point.Summary.Epoch, point.Summary.Sequence))))];
        return [.. RetentionPlanner.Plan(retained, TermsOf(journal)).Select(point => (point.Epoch, point.Sequence))];
    }

    private static RetentionTerms TermsOf(JournalDocument journal) => journal.Retention is { } terms
        ? new RetentionTerms(terms.FullDensityHours, terms.HourlyForHours, terms.DailyForDays, terms.WeeklyForWeeks)
        : new RetentionTerms(journal.RetentionHours);

    /// <summary>Points that a machine, a test or an epoch started from, that somebody pinned, or that a scrub reads.</summary>
    private async Task<HashSet<(long, long)>> ListInUseAsync(JournalDocument? journal, PointSummary? latest, CancellationToken cancellationToken)
    {
        IEnumerable<PointSummary?> named = journal is null ? [] : journal.Epochs.Select(epoch => epoch.Parent).Append(journal.Failover?.Point).Concat(journal.Tests.Select(test => test.Point));
        HashSet<(long, long)> inUse = [.. named.Append(latest).OfType<PointSummary>().Select(point => (point.Epoch, point.Sequence))];
        inUse.UnionWith((await vault.Pins.ReadAsync(cancellationToken)).Select(pin => (pin.Epoch, pin.Sequence)));
        if ((await vault.ReadScrubAsync(cancellationToken))?.Running is { } scrub)
            inUse.Add((scrub.Point.Epoch, scrub.Point.Sequence));
        return inUse;
    }

    private async Task<List<ListedPoint>> ListPointsAsync(CancellationToken cancellationToken)
    {
        List<ListedPoint> points = [];
        GetBlobsOptions options = new() { Prefix = VaultNames.PointPrefix, Traits = BlobTraits.Metadata };
        IAsyncEnumerable<BlobItem> blobs = StorageCall.ListAsync(vault.Replica.Uri, vault.Replica.GetBlobsAsync(options, cancellationToken), cancellationToken);
        await foreach (BlobItem blob in blobs.WithCancellation(cancellationToken))
        {
            if (blob.Properties.ContentLength == 0)
                continue;
            if (PointIndex.Read(blob.Metadata) is { } listed)
                points.Add(listed);
            else if (await RecoveryPoints.ReadAsync(vault.Replica, blob.Name, cancellationToken) is { } point)
                points.Add(PointIndex.From(point));
        }

        return [.. points.OrderBy(point => point.Summary.Epoch).ThenBy(point => point.Summary.Sequence)];
    }

    private Task<Azure.Response<bool>> RemovePointAsync(long epoch, long sequence, CancellationToken cancellationToken)
    {
        BlockBlobClient blob = vault.Replica.GetBlockBlobClient(VaultNames.Point(epoch, sequence));
        return StorageCall.RunAsync(blob.Uri, () => blob.DeleteIfExistsAsync(cancellationToken: cancellationToken), cancellationToken);
    }
}
