using System.Text.Json.Serialization;

namespace RecoveryOperator.Api.ProtectedVMs;

/// <summary>Where in its life a protection is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ProtectionPhase>))]
public enum ProtectionPhase
{
    /// <summary>Nobody who knows can be asked.</summary>
    Unknown,

    /// <summary>Checks, containers, grant.</summary>
    Enabling,

    /// <summary>The first full copy.</summary>
    InitialReplication,

    /// <summary>The first recovery point is being made and confirmed.</summary>
    Finalizing,

    /// <summary>Recovery points are made as the policy asks.</summary>
    Protected,

    /// <summary>Source and replica are compared; the old points stay.</summary>
    Resynchronizing,

    /// <summary>Stopped by the user.</summary>
    Paused,

    /// <summary>Does not go on without an administrator.</summary>
    Critical,

    /// <summary>The source is fenced; the replica does not run yet.</summary>
    FailingOver,

    /// <summary>The replica runs; the recovery point can still be changed.</summary>
    FailedOver,

    /// <summary>The replica runs for good.</summary>
    Committed,

    /// <summary>Being deleted: the host releases the machine.</summary>
    Releasing,
}

/// <summary>Age of the newest point against the copy frequency: changes only at its edges.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RpoBand>))]
public enum RpoBand
{
    /// <summary>Not known.</summary>
    Unknown,

    /// <summary>At most twice the copy frequency.</summary>
    Met,

    /// <summary>More than twice.</summary>
    Over2x,

    /// <summary>At least three times.</summary>
    Over3x,
}

/// <summary>Health of replication.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReplicationHealth>))]
public enum ReplicationHealth
{
    /// <summary>Not known.</summary>
    Unknown,

    /// <summary>As it should be.</summary>
    Normal,

    /// <summary>Behind, paused, or not yet complete.</summary>
    Warning,

    /// <summary>Nothing is shipped, or an administrator must act.</summary>
    Critical,
}
