using System.Collections.Concurrent;
using System.Text;
using Azure.Identity;
using k8s.Models;
using RecoveryOperator.Api.Vaults;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.Vaults;

/// <summary>An account, or why there is none.</summary>
/// <param name="Account">The account; null when it cannot be used.</param>
/// <param name="Obstacle">Why not.</param>
internal sealed record VaultAccountResult(VaultAccount? Account, Obstacle? Obstacle);

/// <summary>
/// The vaults' accounts, one each, with the credentials read from their Secrets. A vault that failed is left alone for the retry interval:
/// thousands of protections must not each wait for its timeout.
/// </summary>
internal sealed class VaultAccounts(ResourceClient client, OperatorOptions options, TimeProvider timeProvider)
{
    private static readonly TimeSpan CredentialsAge = TimeSpan.FromMinutes(5);

    /// <summary>Documents are small: what takes longer will not come, and a worker is waiting.</summary>
    private static readonly TimeSpan RequestBudget = TimeSpan.FromSeconds(8);
    private readonly ConcurrentDictionary<NamespacedName, Entry> _entries = new();

    /// <summary>The account of a vault; fails without a request while the vault is known to be down.</summary>
    public async Task<VaultAccountResult> ResolveAsync(RecoveryVault vault, CancellationToken cancellationToken)
    {
        var known = _entries.GetValueOrDefault(NamespacedName.Of(vault));
        return known is { Down: { } down } && known.Spec == vault.Spec && timeProvider.GetUtcNow() < known.DownUntil
            ? new(null, down)
            : await OpenAsync(vault, cancellationToken);
    }

    /// <summary>The account of a vault, also while it is known to be down: for its own check.</summary>
    public async Task<VaultAccountResult> OpenAsync(RecoveryVault vault, CancellationToken cancellationToken)
    {
        var key = NamespacedName.Of(vault);
        var now = timeProvider.GetUtcNow();
        if (_entries.TryGetValue(key, out var known) && known.Spec == vault.Spec && known.Account is not null && now - known.ReadAt < CredentialsAge)
            return new(known.Account, null);
        var (connection, obstacle) = await ConnectionAsync(vault, cancellationToken);
        if (connection is null)
            return new(null, obstacle);
        if (known is { Account: not null } && known.Spec == vault.Spec && known.AccountKey == connection.AccountKey)
        {
            _entries[key] = known with { ReadAt = now };
            return new(known.Account, null);
        }

        try
        {
            var account = VaultAccount.Connect(connection);
            _entries[key] = new(vault.Spec, account, connection.AccountKey, now, null, default);
            return new(account, null);
        }
        catch (VaultException error)
        {
            return new(null, VaultFaults.Explain(error, key.ToString()));
        }
    }

    /// <summary>The vault refused or did not answer: leave it alone for a while, and read its credentials again.</summary>
    public Obstacle Failed(RecoveryVault vault, VaultException error)
    {
        var key = NamespacedName.Of(vault);
        var obstacle = VaultFaults.Explain(error, key.ToString());
        if (error.Fault is VaultFault.Unavailable or VaultFault.AccessDenied && _entries.TryGetValue(key, out var known))
            _entries[key] = known with { ReadAt = DateTimeOffset.MinValue, Down = obstacle, DownUntil = timeProvider.GetUtcNow() + options.RetryInterval };
        return obstacle;
    }

    /// <summary>The vault answered.</summary>
    public void Answered(RecoveryVault vault)
    {
        var key = NamespacedName.Of(vault);
        if (_entries.TryGetValue(key, out var known) && known.Down is not null)
            _entries[key] = known with { Down = null };
    }

    public void Forget(NamespacedName key) => _entries.TryRemove(key, out _);

    private async Task<(VaultConnectionOptions? Connection, Obstacle? Obstacle)> ConnectionAsync(RecoveryVault vault, CancellationToken cancellationToken)
    {
        var key = NamespacedName.Of(vault);
        if (!Uri.TryCreate(vault.Spec.Endpoint, UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https"))
            return (null, new("InvalidEndpoint", $"RecoveryVault {key}: spec.endpoint '{vault.Spec.Endpoint}' is no http(s) address. Correct it."));
        var connection = new VaultConnectionOptions { Endpoint = endpoint, Prefix = vault.Spec.Prefix, RequestBudget = RequestBudget, TimeProvider = timeProvider };
        var credentials = vault.Spec.Credentials;
        if (credentials is { WorkloadIdentity: not null, AccountKeySecretRef: null })
            return (connection with { Credential = new DefaultAzureCredential() }, null);
        if (credentials is not { AccountKeySecretRef: { } reference, WorkloadIdentity: null })
            return (null, new("InvalidCredentials", $"RecoveryVault {key}: spec.credentials needs exactly one of accountKeySecretRef and workloadIdentity. Correct it."));
        var secret = await client.GetAsync<V1Secret>(new(key.Namespace, reference.Name), cancellationToken);
        if (secret is null)
            return (null, new("SecretNotFound", $"RecoveryVault {key}: Secret {key.Namespace}/{reference.Name} does not exist. Create it with the account's key under '{reference.Key}'."));
        if (secret.Data is not { } data || !data.TryGetValue(reference.Key, out var bytes))
            return (null, new("SecretIncomplete", $"RecoveryVault {key}: Secret {key.Namespace}/{reference.Name} has no key '{reference.Key}'. Put the account's key there."));
        return (connection with { AccountName = credentials.AccountName ?? AccountOf(endpoint), AccountKey = Encoding.UTF8.GetString(bytes).Trim() }, null);
    }

    private static string AccountOf(Uri endpoint) =>
        endpoint.AbsolutePath.Trim('/') is { Length: > 0 } path ? path : endpoint.Host.Split('.')[0];

    private sealed record Entry(
        RecoveryVaultSpec Spec, VaultAccount? Account, string? AccountKey, DateTimeOffset ReadAt, Obstacle? Down, DateTimeOffset DownUntil);
}
