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

    /// <summary>Keys in use; absent: change logs are not encrypted.</summary>
    public VaultEncryptionStatus? Encryption { get; init; }

    /// <summary>ProtectedVMs that name the vault.</summary>
    public int? UsedBy { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<V1Condition> Conditions { get; init; } = [];
}

/// <summary>What is known about a vault's keys.</summary>
public sealed record VaultEncryptionStatus
{
    /// <summary>Id of the key-encryption key in use; absent: it cannot be read.</summary>
    public string? KeyId { get; init; }

    /// <summary>ProtectedVMs whose data keys are not known to be wrapped by it: while there are any, the key before is needed.</summary>
    public int? VmsUnderOlderKeys { get; init; }
}
