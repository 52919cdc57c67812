using System.Text.Json.Serialization;

namespace RecoveryOperator.Api.Jobs;

/// <summary>How a job stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RecoveryJobState>))]
public enum RecoveryJobState
{
    /// <summary>Not begun.</summary>
    Pending,

    /// <summary>Its steps run.</summary>
    Running,

    /// <summary>Somebody asked for its end: what it had begun is undone.</summary>
    Canceling,

    /// <summary>Ended because somebody asked for it; never <see cref="Failed"/>.</summary>
    Canceled,

    /// <summary>Done.</summary>
    Succeeded,

    /// <summary>A step failed.</summary>
    Failed,
}

/// <summary>How a step stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JobStepState>))]
public enum JobStepState
{
    /// <summary>Not begun.</summary>
    Pending,

    /// <summary>Begun.</summary>
    Running,

    /// <summary>Done.</summary>
    Succeeded,

    /// <summary>Failed.</summary>
    Failed,

    /// <summary>Not needed.</summary>
    Skipped,

    /// <summary>Done, and taken back by a cancel.</summary>
    Undone,
}
