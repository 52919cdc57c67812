using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Agents;

/// <summary>Whether an agent answers.</summary>
public enum AgentPresence
{
    /// <summary>The first attempt has not ended yet.</summary>
    Connecting,

    /// <summary>It answers, or was silent for less than the grace period.</summary>
    Connected,

    /// <summary>It does not answer: what it said last is not known to be true any more.</summary>
    Silent,
}

/// <summary>An agent's presence with what a person needs to know about it.</summary>
/// <param name="Presence">Whether it answers.</param>
/// <param name="LastSeen">When it last did; null: never.</param>
/// <param name="Failure">Why not; null while it does.</param>
public sealed record AgentState(AgentPresence Presence, DateTimeOffset? LastSeen, Obstacle? Failure);
