namespace RecoveryOperator.Replication.Protection;

/// <summary>All that is known about one protection when it is visited. The decisions are functions of this alone.</summary>
public sealed record ProtectionFacts
{
    /// <summary>The time.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>What the user wants.</summary>
    public required ProtectionWish Wish { get; init; }

    /// <summary>The first object that the protection names and that cannot be used; null when all can.</summary>
    public Obstacle? References { get; init; }

    /// <summary>The older protection of the same machine; null when there is none.</summary>
    public Obstacle? Claim { get; init; }

    /// <summary>Where the machine is.</summary>
    public required MachineFacts Machine { get; init; }

    /// <summary>What the vault holds.</summary>
    public required VaultFacts Vault { get; init; }

    /// <summary>What the host's agent reports.</summary>
    public required AgentFacts Agent { get; init; }

    /// <summary>What the host's checks came to.</summary>
    public PrerequisiteFacts Prerequisites { get; init; } = PrerequisiteFacts.NotChecked;

    /// <summary>What a failover would miss: conditions of <see cref="ProtectionConditions.Advice"/>; those that are missing are not known.</summary>
    public IReadOnlyList<ConditionFact> Advice { get; init; } = [];

    /// <summary>What hindered the last step; null when it went well.</summary>
    public Obstacle? LastStep { get; init; }
}

/// <summary>What the user wants.</summary>
public sealed record ProtectionWish
{
    /// <summary>Time between two points.</summary>
    public required TimeSpan CopyFrequency { get; init; }

    /// <summary>Points to keep.</summary>
    public required RetentionTerms Retention { get; init; }

    /// <summary>Time between two app-consistent points; null: crash-consistent points only.</summary>
    public TimeSpan? AppConsistentInterval { get; init; }

    /// <summary>Replication shall stop.</summary>
    public bool Paused { get; init; }

    /// <summary>When initial replication may start; null: at once.</summary>
    public DateTimeOffset? StartAt { get; init; }

    /// <summary>The replica's present owner and machine are named by the user as the ones to take over from.</summary>
    public bool AdoptionStated { get; init; }
}

/// <summary>How a search for the machine ended.</summary>
public enum MachineOutcome
{
    /// <summary>Not every host answers, and those that do have no such machine.</summary>
    Unknown,

    /// <summary>It is on exactly one host.</summary>
    Found,

    /// <summary>All hosts answer, none has it.</summary>
    NotFound,

    /// <summary>More than one machine fits.</summary>
    Ambiguous,
}

/// <summary>Where the machine is.</summary>
/// <param name="Outcome">How the search ended.</param>
/// <param name="Reason">Code for the condition.</param>
/// <param name="Message">For people, with the remedy when it was not found.</param>
/// <param name="Host">RecoveryHost, when found.</param>
/// <param name="MachineId">The hypervisor's own id, when found.</param>
/// <param name="MachineName">Its name, when found.</param>
public sealed record MachineFacts(
    MachineOutcome Outcome, string Reason, string Message, string? Host = null, string? MachineId = null, string? MachineName = null);

/// <summary>What the host's checks came to.</summary>
/// <param name="Checked">They were made.</param>
/// <param name="Failure">What stands in the way; null when nothing does.</param>
public sealed record PrerequisiteFacts(bool Checked, Obstacle? Failure)
{
    /// <summary>They were not made yet.</summary>
    public static PrerequisiteFacts NotChecked { get; } = new(false, null);

    /// <summary>Nothing stands in the way.</summary>
    public static PrerequisiteFacts Passed { get; } = new(true, null);
}
