using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Vaults;

/// <summary>What is known about a vault.</summary>
public sealed record RecoveryVaultStatus : IConditioned
{
    /// <inheritdoc/>
    public long? ObservedGeneration { get; init; }

    /// <summary>Name of the storage account.</summary>
    public string? Account { get; init; }

    /// <summary>Version of the vault agent that answers at the address; absent: not known.</summary>
    public string? AgentVersion { get; init; }

    /// <summary>ProtectedVMs that name the vault.</summary>
    public int? UsedBy { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<V1Condition> Conditions { get; init; } = [];
}
