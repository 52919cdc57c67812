namespace RecoveryOperator.Replication.Protection;

/// <summary>Where in its life a protection is; the names are those of the API.</summary>
public enum Phase
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

    /// <summary>Source and replica are compared.</summary>
    Resynchronizing,

    /// <summary>Stopped by the user.</summary>
    Paused,

    /// <summary>Does not go on without an administrator.</summary>
    Critical,

    /// <summary>The source is fenced, the replica does not run yet.</summary>
    FailingOver,

    /// <summary>The replica runs.</summary>
    FailedOver,

    /// <summary>The replica runs for good.</summary>
    Committed,
}

/// <summary>The one idempotent step of a visit.</summary>
public enum ProtectionStep
{
    /// <summary>Nothing to do but look again.</summary>
    Observe,

    /// <summary>Have the host check whether the machine can be replicated.</summary>
    CheckPrerequisites,

    /// <summary>Claim the place in the vault.</summary>
    ClaimReplica,

    /// <summary>Take over a foreign replica, as the user stated.</summary>
    AdoptReplica,

    /// <summary>Write the policy's retention into the journal.</summary>
    WriteRetention,

    /// <summary>Wait for the policy's time of day.</summary>
    AwaitStart,

    /// <summary>Grant access to the log container and hand the protection to the agent.</summary>
    PutProtection,
}

/// <summary>What follows from the facts.</summary>
/// <param name="Phase">Where the protection is.</param>
/// <param name="Step">What to do now.</param>
/// <param name="Conditions">All conditions, each type once.</param>
/// <param name="Health">How replication is.</param>
/// <param name="Rpo">Age of the newest point.</param>
public sealed record ProtectionDecision(
    Phase Phase, ProtectionStep Step, IReadOnlyList<ConditionFact> Conditions, HealthFact Health, RpoBand Rpo);

/// <summary>A condition, before it is written.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Status">True, false, or null when not known.</param>
/// <param name="Reason">Stable CamelCase code.</param>
/// <param name="Message">For people.</param>
public sealed record ConditionFact(string Type, bool? Status, string Reason, string Message);

/// <summary>How replication is; the names are those of the API.</summary>
public enum Health
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

/// <summary>Health with what makes it so.</summary>
/// <param name="Health">How replication is.</param>
/// <param name="Reasons">Why it is not normal.</param>
public sealed record HealthFact(Health Health, IReadOnlyList<string> Reasons);

/// <summary>Age of the newest point against the copy frequency; the names are those of the API.</summary>
public enum RpoBand
{
    /// <summary>Not known, or there is no point.</summary>
    Unknown,

    /// <summary>At most twice the copy frequency.</summary>
    Met,

    /// <summary>More than twice.</summary>
    Over2x,

    /// <summary>At least three times.</summary>
    Over3x,
}
