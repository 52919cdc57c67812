using System.Collections.Concurrent;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Operator.Agents;

/// <summary>All open sessions: one per RecoveryHost, one per RecoveryVault with an agent's address. Its controllers open and close them.</summary>
internal sealed class AgentConnections(IAgentObserver observer, AgentTiming timing, TimeProvider timeProvider, ILoggerFactory loggers) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<NamespacedName, HostConnection> _hosts = new();
    private readonly ConcurrentDictionary<NamespacedName, VaultAgentConnection> _vaults = new();
    private readonly ILogger _logger = loggers.CreateLogger("RecoveryOperator.Operator.Agents");

    public IReadOnlyCollection<HostConnection> Hosts => [.. _hosts.Values];

    public IReadOnlyCollection<VaultAgentConnection> Vaults => [.. _vaults.Values];

    public HostConnection? Host(NamespacedName key) => _hosts.GetValueOrDefault(key);

    public VaultAgentConnection? Vault(NamespacedName key) => _vaults.GetValueOrDefault(key);

    /// <summary>Opens the session, or opens it anew when the endpoint changed. Called by one reconcile per key at a time.</summary>
    public Task<HostConnection> EnsureHostAsync(NamespacedName key, AgentEndpoint endpoint) =>
        EnsureAsync(_hosts, key, endpoint, () => new HostConnection(key, endpoint, observer, timing, timeProvider, _logger));

    /// <inheritdoc cref="EnsureHostAsync"/>
    public Task<VaultAgentConnection> EnsureVaultAsync(NamespacedName key, AgentEndpoint endpoint) =>
        EnsureAsync(_vaults, key, endpoint, () => new VaultAgentConnection(key, endpoint, observer, timing, timeProvider, _logger));

    public Task CloseHostAsync(NamespacedName key) => CloseAsync(_hosts, key);

    public Task CloseVaultAsync(NamespacedName key) => CloseAsync(_vaults, key);

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _hosts.Values.Cast<AgentConnection>().Concat(_vaults.Values))
            await connection.DisposeAsync();
    }

    private static async Task<T> EnsureAsync<T>(ConcurrentDictionary<NamespacedName, T> all, NamespacedName key, AgentEndpoint endpoint, Func<T> open)
        where T : AgentConnection
    {
        if (all.TryGetValue(key, out var standing) && standing.Endpoint.Fingerprint == endpoint.Fingerprint)
            return standing;
        var connection = open();
        all[key] = connection;
        connection.Start();
        if (standing is not null)
            await standing.DisposeAsync();
        return connection;
    }

    private static async Task CloseAsync<T>(ConcurrentDictionary<NamespacedName, T> all, NamespacedName key)
        where T : AgentConnection
    {
        if (all.TryRemove(key, out var connection))
            await connection.DisposeAsync();
    }
}
