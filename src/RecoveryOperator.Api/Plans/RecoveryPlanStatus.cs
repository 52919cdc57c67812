using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Plans;

/// <summary>What is known about a plan. Derived from the journals in the vault.</summary>
public sealed record RecoveryPlanStatus : IConditioned
{
    /// <inheritdoc/>
    public long? ObservedGeneration { get; init; }

    /// <summary>Where the plan is, for people.</summary>
    public PlanPhase? Phase { get; init; }

    /// <summary>Vault that holds the plan's journal, once something stands in it. It stays there, whichever machine is the first one by then.</summary>
    public LocalRef? JournalVaultRef { get; init; }

    /// <summary>The operation that runs, or ran last.</summary>
    public PlanOperationStatus? CurrentOperation { get; init; }

    /// <summary>The test failover that was not cleaned up yet; absent when there is none.</summary>
    public PlanTestStatus? Test { get; init; }

    /// <summary>The newest test failover that succeeded and whose cleanup did.</summary>
    public PlanTestSuccess? LastSuccessfulTest { get; init; }

    /// <summary>Operation types that would be accepted now.</summary>
    public IReadOnlyList<PlanOperationType> AllowedOperations { get; init; } = [];

    /// <summary>Its groups, in order.</summary>
    public IReadOnlyList<PlanGroupStatus> Groups { get; init; } = [];

    /// <summary>Ended operations, newest first, at most 10.</summary>
    public IReadOnlyList<PlanHistoryEntry> History { get; init; } = [];

    /// <inheritdoc/>
    public IReadOnlyList<V1Condition> Conditions { get; init; } = [];
}

/// <summary>The operation that runs, or ran last.</summary>
public sealed record PlanOperationStatus
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Its type.</summary>
    public required PlanOperationType Type { get; init; }

    /// <summary>How it stands.</summary>
    public required PlanOperationState State { get; init; }

    /// <summary>When it was accepted or refused.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Percent of its steps that are done; absent while the journal of a machine cannot be read.</summary>
    public int? Percent { get; init; }

    /// <summary>What it does, or what came of it.</summary>
    public string? Message { get; init; }
}

/// <summary>A test failover that was not cleaned up yet.</summary>
public sealed record PlanTestStatus
{
    /// <summary>Id of its operation.</summary>
    public required string Id { get; init; }

    /// <summary>How its operation stands.</summary>
    public required PlanOperationState State { get; init; }

    /// <summary>When it was accepted.</summary>
    public DateTimeOffset? StartedAt { get; init; }
}

/// <summary>A test failover that succeeded, with its cleanup.</summary>
public sealed record PlanTestSuccess
{
    /// <summary>Id of its operation.</summary>
    public required string Id { get; init; }

    /// <summary>When its cleanup ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>A group.</summary>
public sealed record PlanGroupStatus
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>How far its machines are.</summary>
    public required PlanStepState State { get; init; }

    /// <summary>Its machines.</summary>
    public IReadOnlyList<PlanMachineStatus> Vms { get; init; } = [];
}

/// <summary>A machine of a group.</summary>
public sealed record PlanMachineStatus
{
    /// <summary>Name of its ProtectedVM.</summary>
    public required string Name { get; init; }

    /// <summary>How far it is.</summary>
    public required PlanStepState State { get; init; }

    /// <summary>The step now, for people.</summary>
    public string? Step { get; init; }

    /// <summary>RecoveryHost of the replica.</summary>
    public string? Host { get; init; }

    /// <summary>Instant of the point that it started from.</summary>
    public DateTimeOffset? RecoveryPointTime { get; init; }

    /// <summary>What failed, and what to do.</summary>
    public string? Message { get; init; }
}

/// <summary>An ended operation.</summary>
public sealed record PlanHistoryEntry
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Its type.</summary>
    public required PlanOperationType Type { get; init; }

    /// <summary>How it ended.</summary>
    public required PlanOperationState State { get; init; }

    /// <summary>When it was accepted or refused.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Greatest age of a machine's point when the operation was accepted, in whole seconds.</summary>
    public long? RpoSeconds { get; init; }

    /// <summary>From acceptance to the last machine's start, in whole seconds.</summary>
    public long? RtoSeconds { get; init; }
}
