using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.ProtectedVMs;

/// <summary>What is known about a protection. Derived from the vault's journal and the agents; never an input.</summary>
public sealed record ProtectedVMStatus : IConditioned
{
    /// <inheritdoc/>
    public long? ObservedGeneration { get; init; }

    /// <summary>Where in its life it is, for people.</summary>
    public ProtectionPhase? Phase { get; init; }

    /// <summary>RecoveryHost that the machine was last seen on; after a failover the one that the recovered machine runs on.</summary>
    public string? Host { get; init; }

    /// <summary>The hypervisor's own id of the machine on that host.</summary>
    public string? MachineId { get; init; }

    /// <summary>Id of the replica in the vault, 32 hex digits.</summary>
    public string? ProtectionId { get; init; }

    /// <summary>Epoch in force, from 1.</summary>
    public long? Epoch { get; init; }

    /// <summary>Progress of a full copy or resynchronization; absent when there is none.</summary>
    public CopyProgressStatus? Progress { get; init; }

    /// <summary>The resynchronization that is needed or runs; absent when there is none, or the agent is silent.</summary>
    public ProtectedVMResyncStatus? Resync { get; init; }

    /// <summary>What the host has shipped last; absent before the first set, and while the agent is silent.</summary>
    public LastShippedSet? LastShipped { get; init; }

    /// <summary>When the host goes on; absent where nothing is due, and while the agent is silent.</summary>
    public CycleSchedule? Schedule { get; init; }

    /// <summary>Changes that wait to be shipped; absent while the host keeps up, and while its agent is silent.</summary>
    public ReplicationBacklog? Backlog { get; init; }

    /// <summary>Newest recovery point in the vault: the latest that is processed.</summary>
    public LastRecoveryPoint? LastRecoveryPoint { get; init; }

    /// <summary>Recovery points in the vault.</summary>
    public RecoveryPointSummary? RecoveryPoints { get; init; }

    /// <summary>What the replica takes in the vault; absent before it was measured.</summary>
    public ReplicaStorage? Storage { get; init; }

    /// <summary>Age of the newest point against the copy frequency.</summary>
    public RpoBand? Rpo { get; init; }

    /// <summary>Health of replication.</summary>
    public ReplicationHealth? Health { get; init; }

    /// <summary>Why health is not Normal, at most 10.</summary>
    public IReadOnlyList<string> HealthReasons { get; init; } = [];

    /// <summary>Disks that are replicated, at most 64.</summary>
    public IReadOnlyList<DiskStatus> Disks { get; init; } = [];

    /// <inheritdoc/>
    public IReadOnlyList<V1Condition> Conditions { get; init; } = [];
}

/// <summary>A disk that is replicated.</summary>
public sealed record DiskStatus
{
    /// <summary>Name within the machine.</summary>
    public required string Name { get; init; }

    /// <summary>Size in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Format of the image, for example <c>qcow2</c>.</summary>
    public string? Format { get; init; }
}
