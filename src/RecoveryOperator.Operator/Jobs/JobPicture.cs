using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Jobs;

/// <summary>How an operation stands, as a job is to show it. Derived from journals and agents at each visit.</summary>
/// <param name="State">How it stands.</param>
/// <param name="Steps">Its steps, in order.</param>
/// <param name="Message">What it does, or what came of it and what to do now.</param>
/// <param name="Cancelable">Whether a cancel would be accepted now.</param>
internal sealed record JobPicture(RecoveryJobState State, IReadOnlyList<StepPicture> Steps, string Message, Cancelability Cancelable)
{
    /// <summary>When it began, where that is recorded; null: when it was seen.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended, where that is recorded; null: when it was seen.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>0 to 100; null where nobody can tell.</summary>
    public int? Percent { get; init; }

    /// <summary>Recovery point objective reached, in seconds.</summary>
    public long? RpoSeconds { get; init; }

    /// <summary>Recovery time objective reached, in seconds.</summary>
    public long? RtoSeconds { get; init; }

    /// <summary>What keeps it from going on before somebody acts; null when nothing does.</summary>
    public Obstacle? Stalled { get; init; }
}

/// <summary>A step.</summary>
/// <param name="Name">Its name, unique in the job.</param>
/// <param name="State">How it stands; null when that is not known now: it stays as it was.</param>
internal sealed record StepPicture(string Name, JobStepState? State)
{
    /// <summary>Bytes moved; null for a step that moves none.</summary>
    public long? BytesDone { get; init; }

    /// <summary>Bytes to move; null when not known.</summary>
    public long? BytesTotal { get; init; }

    /// <summary>What it does or did; null when there is nothing to say.</summary>
    public string? Message { get; init; }
}

/// <summary>Whether a cancel would be accepted.</summary>
/// <param name="Allowed">It would.</param>
/// <param name="Reason">Stable CamelCase code.</param>
/// <param name="Message">What a cancel would do, or why it is refused and what to do instead.</param>
internal sealed record Cancelability(bool Allowed, string Reason, string Message);
