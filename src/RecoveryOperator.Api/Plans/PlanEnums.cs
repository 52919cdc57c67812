using System.Text.Json.Serialization;

namespace RecoveryOperator.Api.Plans;

/// <summary>Where a plan is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PlanPhase>))]
public enum PlanPhase
{
    /// <summary>The vault cannot be asked.</summary>
    Unknown,

    /// <summary>Every machine could be failed over now.</summary>
    Ready,

    /// <summary>At least one machine has no recovery point yet, or cannot be found.</summary>
    NotReady,

    /// <summary>An operation runs.</summary>
    Running,

    /// <summary>The replicas run; not committed.</summary>
    FailedOver,

    /// <summary>The replicas run for good.</summary>
    Committed,

    /// <summary>The last operation failed.</summary>
    Failed,
}

/// <summary>How an operation stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PlanOperationState>))]
public enum PlanOperationState
{
    /// <summary>Accepted; it runs.</summary>
    Running,

    /// <summary>Not allowed when it was seen; never runs later by itself.</summary>
    Refused,

    /// <summary>Done.</summary>
    Succeeded,

    /// <summary>At least one machine was not recovered.</summary>
    Failed,

    /// <summary>Ended because somebody asked for it, before any source was fenced.</summary>
    Canceled,
}

/// <summary>How far a group or a machine is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PlanStepState>))]
public enum PlanStepState
{
    /// <summary>Not begun.</summary>
    Pending,

    /// <summary>Begun.</summary>
    Running,

    /// <summary>Done.</summary>
    Succeeded,

    /// <summary>Failed.</summary>
    Failed,
}
