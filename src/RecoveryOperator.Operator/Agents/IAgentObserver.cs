using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Operator.Agents;

/// <summary>Is told what agents say, from any thread; does no more than wake whoever is concerned.</summary>
internal interface IAgentObserver
{
    /// <summary>A host's agent came or went.</summary>
    void HostChanged(NamespacedName host);

    /// <summary>A host's machines or networks changed.</summary>
    void InventoryChanged(NamespacedName host);

    /// <summary>A protection changed on its host in a way that a person would notice.</summary>
    void ProtectionChanged(string protectionId);

    /// <summary>A vault's agent came or went.</summary>
    void VaultChanged(NamespacedName vault);

    /// <summary>A replica moved on.</summary>
    void ReplicaChanged(string protectionId);
}

/// <summary>Times of the sessions with agents.</summary>
/// <param name="SilenceGrace">How long a silent agent's last word counts.</param>
/// <param name="InventoryInterval">How often the inventory is asked for.</param>
internal sealed record AgentTiming(TimeSpan SilenceGrace, TimeSpan InventoryInterval);
