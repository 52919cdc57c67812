namespace RecoveryOperator.Replication.Protection;

/// <summary>What is known about the agent's work on a protection.</summary>
public enum AgentKnowledge
{
    /// <summary>The agent is silent, or nobody knows which agent to ask.</summary>
    Unknown,

    /// <summary>The agent answers and does not hold the protection.</summary>
    NoProtection,

    /// <summary>The agent reports on the protection.</summary>
    Reports,
}

/// <summary>What the agent does.</summary>
public enum AgentPhase
{
    /// <summary>Nothing begun.</summary>
    Pending,

    /// <summary>The first full copy.</summary>
    InitialReplication,

    /// <summary>Delta cycles.</summary>
    Replicating,

    /// <summary>Change tracking or the chain is lost.</summary>
    ResyncRequired,

    /// <summary>Stopped by the user.</summary>
    Paused,

    /// <summary>A seal or a higher epoch ended this source.</summary>
    Fenced,

    /// <summary>Source and replica are compared, or will be by themselves.</summary>
    Resynchronizing,
}

/// <summary>A fault that an agent reports.</summary>
/// <param name="Reason">Stable CamelCase code.</param>
/// <param name="Message">Object, cause and remedy.</param>
/// <param name="Recoverable">It is tried again by itself.</param>
public sealed record AgentFault(string Reason, string Message, bool Recoverable);

/// <summary>What the host's agent reports.</summary>
public sealed record AgentFacts
{
    /// <summary>What is known.</summary>
    public required AgentKnowledge Knowledge { get; init; }

    /// <summary>Why it is unknown, with the remedy; null otherwise.</summary>
    public Obstacle? Silence { get; init; }

    /// <summary>What the agent does.</summary>
    public AgentPhase Phase { get; init; }

    /// <summary>Epoch that the agent works in.</summary>
    public long Epoch { get; init; }

    /// <summary>Last committed set; 0 when there is none.</summary>
    public long CommittedSequence { get; init; }

    /// <summary>Its instant.</summary>
    public DateTimeOffset? CommittedInstant { get; init; }

    /// <summary>What the last cycle failed with; null when it went well.</summary>
    public AgentFault? Fault { get; init; }

    /// <summary>Cycles missed in the last hour.</summary>
    public long CyclesMissed { get; init; }

    /// <summary>Cycles due in the last hour.</summary>
    public long CyclesDue { get; init; }

    /// <summary>Mean time from a set's instant to its commit in the last hour; null when there was none.</summary>
    public TimeSpan? MeanLatency { get; init; }

    /// <summary>Instant of the newest app-consistent set; null when there is none.</summary>
    public DateTimeOffset? AppConsistentInstant { get; init; }

    /// <summary>Why the newest try was not app-consistent; null when it was.</summary>
    public string? AppConsistentProblem { get; init; }

    /// <summary>The resynchronization that is needed or runs; null when there is none.</summary>
    public ResyncFacts? Resync { get; init; }

    /// <summary>Source and replica must be compared.</summary>
    public bool NeedsResync => Knowledge == AgentKnowledge.Reports && Phase is AgentPhase.ResyncRequired or AgentPhase.Resynchronizing;

    /// <summary>They must be, and nothing comes of it before somebody acts.</summary>
    public bool ResyncWaitsForSomebody => NeedsResync && (Resync is null ? Phase == AgentPhase.ResyncRequired : Resync.Stage == ResyncStage.WaitingForUser);

    /// <summary>The agent was given exactly what is wanted now.</summary>
    public bool HasWish { get; init; }
}
