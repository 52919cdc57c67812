using System.Text.Json.Serialization;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Plans;

/// <summary>What a user says about a plan.</summary>
public sealed record RecoveryPlanSpec
{
    /// <summary>Vault of the plan's own journal; absent: the vault of its first machine. Immutable.</summary>
    public LocalRef? VaultRef { get; init; }

    /// <summary>Groups, started one after the other; 1 to 32.</summary>
    public required IReadOnlyList<PlanGroup> Groups { get; init; }

    /// <summary>Site to recover to; absent: each machine's own target.</summary>
    public LocalRef? TargetSiteRef { get; init; }

    /// <summary>The operation wanted. Its id is spent when first seen; removing it neither cancels nor repeats anything.</summary>
    public PlanOperation? Operation { get; init; }
}

/// <summary>Machines that start together.</summary>
public sealed record PlanGroup
{
    /// <summary>Name, unique in the plan.</summary>
    public required string Name { get; init; }

    /// <summary>ProtectedVMs, 1 to 200.</summary>
    public required IReadOnlyList<LocalRef> Vms { get; init; }
}

/// <summary>A request.</summary>
public sealed record PlanOperation
{
    /// <summary>Id chosen by the user, never used again.</summary>
    public required string Id { get; init; }

    /// <summary>What to do.</summary>
    public required PlanOperationType Type { get; init; }

    /// <summary><c>Latest</c>, <c>LatestProcessed</c>, <c>LatestAppConsistent</c>, or an RFC 3339 time: the newest point at or before it.</summary>
    public string? RecoveryPoint { get; init; }

    /// <summary>What was seen in the test, for the record; only with <c>CleanupTestFailover</c>.</summary>
    public string? Notes { get; init; }

    /// <summary>Who asked, for the record.</summary>
    public string? RequestedBy { get; init; }
}

/// <summary>What can be asked of a plan.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PlanOperationType>))]
public enum PlanOperationType
{
    /// <summary>Fence the sources and start the replicas.</summary>
    UnplannedFailover,

    /// <summary>End the choice of recovery point.</summary>
    Commit,

    /// <summary>Start copies of the machines on the test network; replication goes on.</summary>
    TestFailover,

    /// <summary>Remove what a test failover made.</summary>
    CleanupTestFailover,
}
