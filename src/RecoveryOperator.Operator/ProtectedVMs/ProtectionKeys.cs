using System.Collections.Concurrent;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Operator.Vaults;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>The data key of a protection in an encrypted vault.</summary>
/// <param name="Active">The key for new sets; null while it is not known to this process.</param>
/// <param name="IsSettled">It is as the vault's spec and Secrets ask.</param>
/// <param name="Obstacle">Why it is not.</param>
internal sealed record ProtectionKey(DataKey? Active, bool IsSettled, Obstacle? Obstacle);

/// <summary>
/// Makes, wraps and rotates data keys, and hands them to whoever hands over protections. What is known is kept in memory, so a visit costs no request; a key that is
/// known stays known while the key-encryption key is away.
/// </summary>
internal sealed class ProtectionKeys(VaultKeys vaultKeys, VaultAccounts accounts, TimeProvider timeProvider)
{
    private readonly ConcurrentDictionary<string, Known> _known = new();

    /// <summary>What is known of a protection's key; null when its vault asks for no encryption.</summary>
    public async Task<ProtectionKey?> LookAsync(GatheredProtection gathered, CancellationToken cancellationToken)
    {
        if (gathered is not { Id: { } id, Vault: { Spec.Encryption: { } encryption } vault })
            return null;
        var ring = await vaultKeys.ResolveAsync(vault, cancellationToken);
        var known = _known.GetValueOrDefault(id.ToString());
        var settled = known is not null && known.Rotation == (encryption.Rotation ?? "") && (ring.Current is not { } current || known.WrappedBy == current.Id);
        return new(known?.Active, settled, settled ? null : ring.Obstacle);
    }

    /// <summary>Brings the protection's <c>keys.json</c> in line with its vault, if it is not: the first key, a rotation, another key-encryption key. Safe to repeat.</summary>
    public async Task<GatheredProtection> KeepAsync(GatheredProtection gathered, CancellationToken cancellationToken)
    {
        if (gathered is not { DataKey: { IsSettled: false } key, Place: not null, Replica.Journal: not null } || gathered.Facts.Vault.Knowledge != VaultKnowledge.Ours)
            return gathered;
        try
        {
            return gathered with { DataKey = await SettleAsync(gathered, key, cancellationToken) };
        }
        catch (VaultException error)
        {
            return gathered with { DataKey = key with { Obstacle = accounts.Failed(gathered.Vault!, error) } };
        }
    }

    /// <summary>How many of these protections are not known to have all their keys under this key-encryption key.</summary>
    public int CountOthers(IEnumerable<string> protectionIds, KeyId wrappedBy) =>
        protectionIds.Count(id => _known.GetValueOrDefault(id) is not { } known || known.WrappedBy != wrappedBy || known.HasOthers);

    public void Forget(string protectionId) => _known.TryRemove(protectionId, out _);

    private async Task<ProtectionKey> SettleAsync(GatheredProtection gathered, ProtectionKey key, CancellationToken cancellationToken)
    {
        var vault = gathered.Vault!;
        var ring = await vaultKeys.ResolveAsync(vault, cancellationToken);
        if (ring.Current is not { } current)
            return key with { Obstacle = ring.Obstacle };
        var standing = await gathered.Place!.ReadKeysAsync(cancellationToken);
        var rotation = vault.Spec.Encryption!.Rotation ?? "";
        var plan = DataKeyDocuments.Plan(standing?.Value, gathered.Place.Id, ring, rotation, timeProvider.GetUtcNow());
        if (plan.Document is not { } document)
            return key with { Obstacle = plan.Obstacle };

        // The document first: a key that a host has and the vault has not would be the only copy.
        if (!IsSame(standing?.Value, document) && await gathered.Place.WriteKeysAsync(document, standing?.ETag, cancellationToken) is null)
            return key with { Obstacle = new("VaultConflict", "Somebody else wrote keys.json at the same time. It is tried again.", false) };
        var wrappedBy = current.Id.ToString();
        _known[gathered.Place.Id.ToString()] = new(plan.Active!, current.Id, rotation, document.Keys.Any(k => k.WrappedBy != wrappedBy));
        return new(plan.Active, true, null);
    }

    private static bool IsSame(KeysDocument? standing, KeysDocument wanted) => standing is not null && standing.Keys.SequenceEqual(wanted.Keys);

    private sealed record Known(DataKey Active, KeyId WrappedBy, string Rotation, bool HasOthers);
}
