using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Jobs;

/// <summary>How far a job is. Derived from the journal; never an input.</summary>
public sealed record RecoveryJobStatus : IConditioned
{
    /// <inheritdoc/>
    public long? ObservedGeneration { get; init; }

    /// <summary>How it stands.</summary>
    public RecoveryJobState? State { get; init; }

    /// <summary>When its first step began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended, in whichever way.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Step that runs now, or the last one.</summary>
    public string? CurrentStep { get; init; }

    /// <summary>0 to 100; absent where nobody can tell.</summary>
    public int? Percent { get; init; }

    /// <summary>What it does, or what came of it and what to do now.</summary>
    public string? Message { get; init; }

    /// <summary>Greatest age of a machine's recovery point when the operation was accepted, in whole seconds.</summary>
    public long? RpoSeconds { get; init; }

    /// <summary>From acceptance to the last machine's start, in whole seconds.</summary>
    public long? RtoSeconds { get; init; }

    /// <summary>Its steps in order, at most 256.</summary>
    public IReadOnlyList<JobStepStatus> Steps { get; init; } = [];

    /// <inheritdoc/>
    public IReadOnlyList<V1Condition> Conditions { get; init; } = [];
}

/// <summary>A step of a job.</summary>
public sealed record JobStepStatus
{
    /// <summary>Name, unique in the job; a step of one machine of a plan is named after both (<c>web-1/StartReplica</c>).</summary>
    public required string Name { get; init; }

    /// <summary>How it stands.</summary>
    public required JobStepState State { get; init; }

    /// <summary>When it first began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Bytes moved so far; absent for a step that moves none.</summary>
    public long? BytesDone { get; init; }

    /// <summary>Bytes to move; absent where not known.</summary>
    public long? BytesTotal { get; init; }

    /// <summary>What it does or did; for a failure object, cause and remedy.</summary>
    public string? Message { get; init; }
}
