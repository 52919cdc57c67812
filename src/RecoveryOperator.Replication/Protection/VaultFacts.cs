namespace RecoveryOperator.Replication.Protection;

/// <summary>What is known about a replica's place in the vault.</summary>
public enum VaultKnowledge
{
    /// <summary>The vault cannot be read.</summary>
    Unknown,

    /// <summary>There is nothing yet.</summary>
    Absent,

    /// <summary>It belongs to another cluster or another machine.</summary>
    Foreign,

    /// <summary>It is ours.</summary>
    Ours,
}

/// <summary>How far a failover is, by the journal.</summary>
public enum FailoverState
{
    /// <summary>There is none: the machine runs at its source.</summary>
    None,

    /// <summary>The epoch was raised, the replica does not run yet.</summary>
    Running,

    /// <summary>The replica runs.</summary>
    FailedOver,

    /// <summary>The replica runs for good.</summary>
    Committed,
}

/// <summary>What the vault holds.</summary>
public sealed record VaultFacts
{
    /// <summary>What is known.</summary>
    public required VaultKnowledge Knowledge { get; init; }

    /// <summary>Why it is unknown or foreign; null otherwise.</summary>
    public Obstacle? Obstacle { get; init; }

    /// <summary>Epoch in force; 0 when there is none.</summary>
    public long Epoch { get; init; }

    /// <summary>The epoch in force has a seal: its source is fenced.</summary>
    public bool EpochEnded { get; init; }

    /// <summary>How far a failover is.</summary>
    public FailoverState Failover { get; init; }

    /// <summary>RecoveryHost that the replica runs or will run on; null without a failover.</summary>
    public string? FailoverHost { get; init; }

    /// <summary>That host's site.</summary>
    public string? FailoverSite { get; init; }

    /// <summary>The replica's machine on that host; null before it is created.</summary>
    public string? FailoverMachineId { get; init; }

    /// <summary>Points that the journal asks the vault agent to keep; null when it contradicts itself.</summary>
    public RetentionTerms? Retention { get; init; }

    /// <summary>Last set of the epoch in force that is applied; 0 when none is.</summary>
    public long AppliedSequence { get; init; }

    /// <summary>Instant of the newest point; null when there is none.</summary>
    public DateTimeOffset? LatestPoint { get; init; }

    /// <summary>A point and the snapshots of all its disks were read.</summary>
    public bool PointConfirmed { get; init; }

    /// <summary>Why a point could not be confirmed; null otherwise.</summary>
    public Obstacle? PointProblem { get; init; }

    /// <summary>The newest point that was read in full and when, for people; null when there is none.</summary>
    public string? Verified { get; init; }

    /// <summary>What a verification found wrong with the replica, with figures, for people; null when nothing is known.</summary>
    public string? ReplicaDamage { get; init; }

    /// <summary>A disk that changes faster than a page blob takes writes, with figures, for people; null when there is none.</summary>
    public string? ExcessiveChurn { get; init; }

    /// <summary>Why sets that stand in the vault are not applied, though nothing is damaged; null when they are.</summary>
    public Obstacle? Waiting { get; init; }

    /// <summary>Damage that ended the chain, for people; null when there is none.</summary>
    public string? Damage { get; init; }
}
