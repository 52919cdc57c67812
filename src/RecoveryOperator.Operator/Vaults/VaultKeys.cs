using System.Collections.Concurrent;
using k8s.Models;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Vaults;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault.Encryption;

namespace RecoveryOperator.Operator.Vaults;

/// <summary>A vault's key-encryption keys, or why there is none.</summary>
/// <param name="Current">The key that wraps data keys; null when it cannot be read.</param>
/// <param name="Previous">The key before it; null when there is none.</param>
/// <param name="Obstacle">What is wrong.</param>
internal sealed record VaultKeyRing(KeyEncryptionKey? Current, KeyEncryptionKey? Previous, Obstacle? Obstacle);

/// <summary>Reads the key-encryption keys of vaults from their Secrets; at most once a minute for all the protections of a vault.</summary>
internal sealed class VaultKeys(ResourceClient client, TimeProvider timeProvider)
{
    private static readonly TimeSpan LongestAge = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<NamespacedName, Entry> _entries = new();

    /// <summary>The keys as they were read at most a minute ago.</summary>
    public async Task<VaultKeyRing> ResolveAsync(RecoveryVault vault, CancellationToken cancellationToken) =>
        _entries.GetValueOrDefault(NamespacedName.Of(vault)) is { } known && known.Encryption == vault.Spec.Encryption && timeProvider.GetUtcNow() - known.ReadAt < LongestAge
            ? known.Ring
            : await ReadAsync(vault, cancellationToken);

    /// <summary>Reads the keys now.</summary>
    public async Task<VaultKeyRing> ReadAsync(RecoveryVault vault, CancellationToken cancellationToken)
    {
        var key = NamespacedName.Of(vault);
        var encryption = vault.Spec.Encryption!;
        var (current, obstacle) = await ReadAsync(key, encryption.KeySecretRef, "keySecretRef", cancellationToken);
        KeyEncryptionKey? previous = null;
        if (encryption.PreviousKeySecretRef is { } reference)
        {
            (previous, var problem) = await ReadAsync(key, reference, "previousKeySecretRef", cancellationToken);
            obstacle ??= problem;
        }

        var ring = new VaultKeyRing(current, previous, obstacle);
        _entries[key] = new(encryption, ring, timeProvider.GetUtcNow());
        return ring;
    }

    public void Forget(NamespacedName key) => _entries.TryRemove(key, out _);

    private async Task<(KeyEncryptionKey? Key, Obstacle? Obstacle)> ReadAsync(NamespacedName vault, SecretKeyRef reference, string field, CancellationToken cancellationToken)
    {
        var place = $"Secret {vault.Namespace}/{reference.Name}";
        var secret = await client.GetAsync<V1Secret>(new(vault.Namespace, reference.Name), cancellationToken);
        if (secret is null)
            return (null, new("KeySecretNotFound", $"RecoveryVault {vault}: {place} (spec.encryption.{field}) does not exist. Restore it with the key under '{reference.Key}': data keys cannot be opened without. Replication goes on."));
        if (secret.Data is not { } data || !data.TryGetValue(reference.Key, out var content))
            return (null, new("KeySecretIncomplete", $"RecoveryVault {vault}: {place} (spec.encryption.{field}) has no key '{reference.Key}'. Put the key-encryption key there."));
        return KeyEncryptionKey.TryParse(content) is { } key
            ? (key, null)
            : (null, new("KeyInvalid", $"RecoveryVault {vault}: '{reference.Key}' of {place} is no key-encryption key: 32 bytes, raw or in base64, are expected (openssl rand -base64 32)."));
    }

    private sealed record Entry(VaultEncryption Encryption, VaultKeyRing Ring, DateTimeOffset ReadAt);
}
