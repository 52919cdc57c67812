using System.Text.Json.Serialization;

namespace RecoveryOperator.Api.Jobs;

/// <summary>What was asked for; immutable but for <see cref="Cancel"/> and <see cref="TtlSecondsAfterFinished"/>.</summary>
public sealed record RecoveryJobSpec
{
    /// <summary>What is done.</summary>
    public required RecoveryJobType Type { get; init; }

    /// <summary>What it is done to.</summary>
    public required JobSubjectRef SubjectRef { get; init; }

    /// <summary>Id of the operation in the journal.</summary>
    public required string OperationId { get; init; }

    /// <summary><c>Latest</c>, <c>LatestProcessed</c>, <c>LatestAppConsistent</c>, or an RFC 3339 time; absent: <c>Latest</c>, where the operation takes one.</summary>
    public string? RecoveryPoint { get; init; }

    /// <summary>Who asked, for the record.</summary>
    public string? RequestedBy { get; init; }

    /// <summary>Asks for the job's end before its time; cannot be taken back.</summary>
    public JobCancelSpec? Cancel { get; init; }

    /// <summary>Seconds after its end at which the object is deleted; 0: at once; absent: never.</summary>
    public int? TtlSecondsAfterFinished { get; init; }
}

/// <summary>What a job is done to.</summary>
public sealed record JobSubjectRef
{
    /// <summary>Kind of the object.</summary>
    public required JobSubjectKind Kind { get; init; }

    /// <summary>Name, in the same namespace.</summary>
    public required string Name { get; init; }
}

/// <summary>A request to cancel.</summary>
public sealed record JobCancelSpec
{
    /// <summary>Id chosen by the user, never used again.</summary>
    public required string Id { get; init; }

    /// <summary>Who asked, for the record.</summary>
    public string? RequestedBy { get; init; }
}

/// <summary>Kinds that a job can be about.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JobSubjectKind>))]
public enum JobSubjectKind
{
    /// <summary>One machine.</summary>
    ProtectedVM,

    /// <summary>A plan.</summary>
    RecoveryPlan,
}
