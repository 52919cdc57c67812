namespace RecoveryOperator.Replication.Plans;

/// <summary>Where one VM of a plan stands, from its journal.</summary>
public enum PlanMemberState
{
    /// <summary>The vault could not be asked.</summary>
    Unknown,

    /// <summary>It has no recovery point yet.</summary>
    NotRecoverable,

    /// <summary>It runs at its source and has at least one recovery point.</summary>
    Protected,

    /// <summary>A failover has begun.</summary>
    FailingOver,

    /// <summary>It runs at the target; the point can still be changed.</summary>
    FailedOver,

    /// <summary>It runs at the target for good.</summary>
    Committed,
}

/// <summary>One VM of a plan.</summary>
/// <param name="Name">Name of the ProtectedVM.</param>
/// <param name="State">Where it stands.</param>
/// <param name="HasTest">A test failover of this plan was not cleaned up.</param>
/// <param name="OtherTests">Tests of other plans that were not cleaned up.</param>
public sealed record PlanMember(string Name, PlanMemberState State, bool HasTest = false, int OtherTests = 0);
