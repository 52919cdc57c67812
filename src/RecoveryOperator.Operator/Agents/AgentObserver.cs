using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Api.Vaults;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.ProtectedVMs;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Agents;

/// <summary>Turns what agents say into keys to visit.</summary>
internal sealed class AgentObserver(
    IReconcileTrigger<RecoveryHost> hostTrigger,
    IReconcileTrigger<RecoveryVault> vaultTrigger,
    IReconcileTrigger<ProtectedVM> protectionTrigger,
    IObjectReader<RecoveryHost> hosts,
    IObjectReader<ProtectedVM> protections,
    ProtectionRegistry registry,
    ReplicaReader replicas) : IAgentObserver
{
    /// <inheritdoc/>
    public void HostChanged(NamespacedName host)
    {
        hostTrigger.Enqueue(host);
        EnqueueSiteOf(host);
    }

    /// <inheritdoc/>
    public void InventoryChanged(NamespacedName host) => HostChanged(host);

    /// <inheritdoc/>
    public void ProtectionChanged(string protectionId)
    {
        if (registry.Find(protectionId) is { } entry)
            protectionTrigger.Enqueue(entry.Key);
    }

    /// <inheritdoc/>
    public void VaultChanged(NamespacedName vault) => vaultTrigger.Enqueue(vault);

    /// <inheritdoc/>
    public void ReplicaChanged(string protectionId)
    {
        replicas.Invalidate(protectionId);
        // A protection that does well is visited often enough by itself: a visit for every set of every machine would be too many.
        if (registry.Find(protectionId) is { Phase: not Phase.Protected } entry)
            protectionTrigger.Enqueue(entry.Key);
    }

    private void EnqueueSiteOf(NamespacedName host)
    {
        if (hosts.Get(host) is not { } found)
            return;
        foreach (var protection in protections.ByIndex(ProtectionIndexes.Site, $"{host.Namespace}/{found.Spec.SiteRef.Name}"))
            protectionTrigger.Enqueue(NamespacedName.Of(protection));
    }
}
