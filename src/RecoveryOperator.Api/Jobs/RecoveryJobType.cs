using System.Text.Json.Serialization;

namespace RecoveryOperator.Api.Jobs;

/// <summary>Operations that take long enough for a job.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RecoveryJobType>))]
public enum RecoveryJobType
{
    /// <summary>Checks, containers, grant.</summary>
    EnableProtection,

    /// <summary>The first full copy.</summary>
    InitialReplication,

    /// <summary>The first recovery point is made and confirmed.</summary>
    Finalize,

    /// <summary>Source and replica are compared.</summary>
    Resync,

    /// <summary>Replicas start on the test network.</summary>
    TestFailover,

    /// <summary>Test replicas are removed.</summary>
    CleanupTestFailover,

    /// <summary>Sources are shut down, and replicas start from the last delta.</summary>
    PlannedFailover,

    /// <summary>Sources are fenced, and replicas start.</summary>
    UnplannedFailover,

    /// <summary>Replicas start again from another point.</summary>
    ChangeRecoveryPoint,

    /// <summary>The choice of recovery point ends.</summary>
    Commit,

    /// <summary>The recovered machine is protected in the other direction.</summary>
    ReverseReplicate,

    /// <summary>Back to the original or another host.</summary>
    Failback,

    /// <summary>The last part of a failback that synchronized first.</summary>
    CompleteFailback,
}
