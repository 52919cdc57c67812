using System.Collections.Concurrent;
using RecoveryOperator.Operator.Vaults;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>
/// Keeps the hosts' right to ship alive, whether their agents are heard or not: a host that the operator cannot reach goes on replicating only as long
/// as its stored policy is good. Cheap: two requests per protection and interval, a write once a day.
/// </summary>
internal sealed class HostGrants(ProtectionLocks locks, VaultAccounts accounts, TimeProvider timeProvider)
{
    /// <summary>A policy is good for seven days and is moved forward below six: one visit in a day is enough, several leave room for failures.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromHours(6);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _looked = new();

    /// <summary>Renews what is due.</summary>
    /// <returns>What stands in the way; null when nothing does.</returns>
    public async Task<Obstacle?> RunAsync(GatheredProtection gathered, CancellationToken cancellationToken)
    {
        if (gathered is not { Id: { } id, Place: not null, Facts.Vault: { Knowledge: VaultKnowledge.Ours } vault } || !IsOpen(vault))
            return null;
        var now = timeProvider.GetUtcNow();
        if (_looked.TryGetValue(id.ToString(), out var last) && now - last < Interval)
            return null;
        try
        {
            await RenewAsync(gathered, now, cancellationToken);
            _looked[id.ToString()] = now;
            return null;
        }
        catch (VaultException error)
        {
            return accounts.Failed(gathered.Vault!, error);
        }
    }

    public void Forget(string protectionId) => _looked.TryRemove(protectionId, out _);

    /// <summary>The journal is read anew under the lock that a fence takes too: an epoch that has ended is never renewed.</summary>
    private async Task RenewAsync(GatheredProtection gathered, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using var held = await locks.AcquireAsync(gathered.Id.ToString()!, cancellationToken);
        if (await gathered.Place!.ReadJournalAsync(cancellationToken) is { Value: { } journal } && IsOpen(journal))
            await gathered.Place.RenewHostGrantAsync(journal.Epoch, now, cancellationToken);
    }

    private static bool IsOpen(VaultFacts vault) => vault is { Failover: FailoverState.None, EpochEnded: false };

    private static bool IsOpen(JournalDocument journal) =>
        journal.Failover is null && !journal.Epochs.Any(e => e.Epoch == journal.Epoch && e.SealedAtSequence is not null);
}
