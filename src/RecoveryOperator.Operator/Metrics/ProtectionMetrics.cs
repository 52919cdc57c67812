using Prometheus;
using RecoveryOperator.Operator.Agents;
using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Metrics;

/// <summary>
/// The product's metrics, computed when they are scraped: an age is as old as it is then, not as it was at the last visit. What agents count (bytes read,
/// changed and shipped, cycles) they export themselves.
/// </summary>
internal sealed class ProtectionMetrics
{
    private static readonly string[] VmLabels = ["namespace", "protected_vm"];
    private const string InitialReplication = "InitialReplication";
    private const string Resync = "Resync";
    private readonly ProtectionRegistry _registry;
    private readonly AgentConnections _connections;
    private readonly TimeProvider _timeProvider;
    private readonly Gauge _rpo, _objective, _points, _pending, _progress, _resync, _health, _connected, _logUtilization;
    private HashSet<(string, string)> _shown = [];

    public ProtectionMetrics(ProtectionRegistry registry, AgentConnections connections, TimeProvider timeProvider, CollectorRegistry collectors)
    {
        (_registry, _connections, _timeProvider) = (registry, connections, timeProvider);
        var factory = Prometheus.Metrics.WithCustomRegistry(collectors);
        _rpo = factory.CreateGauge("recovery_rpo_seconds", "Age of the newest recovery point in the vault, in seconds.", VmLabels);
        _objective = factory.CreateGauge("recovery_rpo_objective_seconds", "Copy frequency of the policy, in seconds.", VmLabels);
        _points = factory.CreateGauge("recovery_points", "Recovery points in the vault.", VmLabels);
        _pending = factory.CreateGauge("recovery_pending_bytes", "Bytes cut and not yet committed.", VmLabels);
        _progress = factory.CreateGauge("recovery_progress_ratio", "Progress of a full copy or resynchronization, 0 to 1.", [.. VmLabels, "kind"]);
        _logUtilization = factory.CreateGauge("recovery_log_utilization_ratio", "Changes that wait to be shipped over the threshold at which a resynchronization is needed.", VmLabels);
        _resync = factory.CreateGauge("recovery_resync_required", "1 when source and replica must be compared.", VmLabels);
        _health = factory.CreateGauge("recovery_replication_health", "1 for the health that holds, 0 for the others.", [.. VmLabels, "health"]);
        _connected = factory.CreateGauge("recovery_agent_connected", "1 when the agent answers.", "namespace", "kind", "name");
        collectors.AddBeforeCollectCallback(Collect);
    }

    private void Collect()
    {
        var entries = _registry.Entries;
        foreach (var entry in entries)
            Show(entry);
        var now = entries.Select(e => (e.Key.Namespace, e.Key.Name)).ToHashSet();
        foreach (var (ns, name) in _shown.Except(now))
            Hide(ns, name);
        _shown = now;
        ShowAgents();
    }

    private void Show(ProtectionEntry entry)
    {
        string[] labels = [entry.Key.Namespace, entry.Key.Name];
        Set(_rpo, labels, entry.LatestPoint is { } latest ? Math.Max(0, (_timeProvider.GetUtcNow() - latest).TotalSeconds) : null);
        Set(_objective, labels, entry.Objective?.TotalSeconds);
        Set(_points, labels, entry.Points);
        foreach (var health in Enum.GetValues<Health>())
            _health.WithLabels([.. labels, health.ToString()]).Set(entry.Health == health ? 1 : 0);
        var status = entry.Host is { } host && _connections.Host(host) is { State.Presence: AgentPresence.Connected } connection ? connection.Protection(entry.ProtectionId) : null;
        Set(_pending, labels, status?.PendingBytes);
        Set(_resync, labels, status is null ? null : status.Phase is ProtectionPhase.ResyncRequired or ProtectionPhase.Resynchronizing ? 1 : 0);
        Set(_logUtilization, labels, status?.LogUtilization);
        Set(_progress, [.. labels, InitialReplication], status is { Phase: ProtectionPhase.InitialReplication, Initial: { BytesTotal: > 0 } copy } ? (double)copy.BytesDone / copy.BytesTotal : null);
        Set(_progress, [.. labels, Resync], status is { Phase: ProtectionPhase.Resynchronizing, Resync: { TotalBytes: > 0 } resync } ? (double)resync.ComparedBytes / resync.TotalBytes : null);
    }

    private void ShowAgents()
    {
        foreach (var host in _connections.Hosts)
            _connected.WithLabels(host.Host.Namespace, "RecoveryHost", host.Host.Name).Set(Value(host.State));
        foreach (var vault in _connections.Vaults)
            _connected.WithLabels(vault.Vault.Namespace, "RecoveryVault", vault.Vault.Name).Set(Value(vault.State));
        foreach (var labels in _connected.GetAllLabelValues().ToList())
        {
            if (labels[1] == "RecoveryHost" ? _connections.Host(new(labels[0], labels[2])) is null : _connections.Vault(new(labels[0], labels[2])) is null)
                _connected.RemoveLabelled(labels);
        }
    }

    private void Hide(string ns, string name)
    {
        foreach (var gauge in new[] { _rpo, _objective, _points, _pending, _resync, _logUtilization })
            gauge.RemoveLabelled(ns, name);
        foreach (var kind in new[] { InitialReplication, Resync })
            _progress.RemoveLabelled(ns, name, kind);
        foreach (var health in Enum.GetValues<Health>())
            _health.RemoveLabelled(ns, name, health.ToString());
    }

    /// <summary>What is not known is not shown: a last value would be taken for the present one.</summary>
    private static void Set(Gauge gauge, string[] labels, double? value)
    {
        if (value is { } known)
            gauge.WithLabels(labels).Set(known);
        else
            gauge.RemoveLabelled(labels);
    }

    private static double Value(AgentState state) => state.Presence == AgentPresence.Connected ? 1 : 0;
}
