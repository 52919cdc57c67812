using System.Collections.Concurrent;
using RecoveryOperator.Operator.Vaults;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>
/// Reads replicas at a sensible pace: what was read counts until it is too old for its caller, or until the vault's agent says that the
/// replica moved on. The newest points are kept as they come by, so a visit never lists them.
/// </summary>
internal sealed class ReplicaReader(TimeProvider timeProvider)
{
    private const int RecentPoints = 10;
    private readonly ConcurrentDictionary<string, ReplicaSnapshot> _snapshots = new();

    /// <summary>The replica as it stands, at most so old.</summary>
    /// <exception cref="VaultException">The vault refused.</exception>
    public async Task<ReplicaSnapshot> ReadAsync(ProtectionVault vault, TimeSpan maxAge, string vaultName, CancellationToken cancellationToken)
    {
        var id = vault.Id.ToString();
        var before = _snapshots.GetValueOrDefault(id);
        if (before is not null && timeProvider.GetUtcNow() - before.ReadAt < maxAge)
            return before;
        var readAt = timeProvider.GetUtcNow();
        var vm = await vault.ReadVmAsync(cancellationToken);
        var journal = vm is null ? null : await vault.ReadJournalAsync(cancellationToken);
        var applied = journal is null ? null : await vault.ReadAppliedAsync(cancellationToken);
        var snapshot = new ReplicaSnapshot(readAt, vm, journal, applied, await RecentAsync(vault, applied, before, cancellationToken), before?.Confirmed ?? false, null);
        if (!snapshot.Confirmed && applied?.LatestPoint is { } latest)
            snapshot = await ConfirmAsync(vault, snapshot, latest, vaultName, cancellationToken);
        return _snapshots[id] = snapshot;
    }

    /// <summary>The replica moved on: the next visit reads it.</summary>
    public void Invalidate(string protectionId)
    {
        if (_snapshots.TryGetValue(protectionId, out var snapshot))
            _snapshots.TryUpdate(protectionId, snapshot with { ReadAt = DateTimeOffset.MinValue }, snapshot);
    }

    public void Forget(string protectionId) => _snapshots.TryRemove(protectionId, out _);

    private static async Task<ReplicaSnapshot> ConfirmAsync(
        ProtectionVault vault, ReplicaSnapshot snapshot, PointSummary latest, string vaultName, CancellationToken cancellationToken)
    {
        try
        {
            return snapshot with { Confirmed = await vault.ConfirmPointAsync(latest.Epoch, latest.Sequence, cancellationToken) is not null };
        }
        catch (VaultException error) when (error.Fault is VaultFault.Damaged or VaultFault.NotFound)
        {
            return snapshot with { PointProblem = VaultFaults.Explain(error, vaultName) with { Reason = "PointUnreadable" } };
        }
    }

    /// <summary>The first time the points behind the newest are read one by one; later only those that came since.</summary>
    private static async Task<IReadOnlyList<PointSummary>> RecentAsync(
        ProtectionVault vault, AppliedDocument? applied, ReplicaSnapshot? before, CancellationToken cancellationToken)
    {
        if (applied?.LatestPoint is not { } latest)
            return [];
        var known = (before?.Recent ?? []).Where(p => IsKept(p, applied)).ToList();
        if (known is [var newest, ..] && newest == latest)
            return known;
        List<PointSummary> points = [latest];
        for (var sequence = latest.Sequence - 1; sequence > 0 && points.Count < RecentPoints; sequence--)
        {
            if (known is [var next, ..] && next.Epoch == latest.Epoch && next.Sequence >= sequence)
                break;
            if (await vault.ReadPointAsync(latest.Epoch, sequence, cancellationToken) is not { } point)
                break;
            points.Add(new(point.Epoch, point.Sequence, point.Instant, point.Consistency));
        }

        return [.. points.Concat(known).Distinct().Take(RecentPoints)];
    }

    private static bool IsKept(PointSummary point, AppliedDocument applied) =>
        applied.OldestPoint is not { } oldest || (point.Epoch, point.Sequence).CompareTo((oldest.Epoch, oldest.Sequence)) >= 0;
}
