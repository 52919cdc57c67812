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

    /// <summary>What the replicas of the ProtectedVMs that name the vault take in it; absent before one was measured. Retained replicas of deleted ones are not in it.</summary>
    public VaultStorageStatus? Storage { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<V1Condition> Conditions { get; init; } = [];
}

/// <summary>What replicas take in a vault.</summary>
public sealed record VaultStorageStatus
{
    /// <summary>Bytes of allocated pages of their disks.</summary>
    public required long DiskBytes { get; init; }

    /// <summary>Bytes that the snapshots of their recovery points hold besides, at most.</summary>
    public required long SnapshotBytesAtMost { get; init; }

    /// <summary>Bytes of change logs of applied sets that are still there.</summary>
    public required long LogBytes { get; init; }

    /// <summary>Number of replicas that were measured.</summary>
    public required int Replicas { get; init; }

    /// <summary>When it was added up; each part is as old as the status of its ProtectedVM says. Refreshed at most every 15 minutes.</summary>
    public required DateTimeOffset ObservedTime { get; init; }
}

/// <summary>What is known about a vault's keys.</summary>
public sealed record VaultEncryptionStatus
{
    /// <summary>Id of the key-encryption key in use; absent: it cannot be read.</summary>
    public string? KeyId { get; init; }

    /// <summary>ProtectedVMs whose data keys are not known to be wrapped by it: while there are any, the key before is needed.</summary>
    public int? VmsUnderOlderKeys { get; init; }
}
