namespace RecoveryOperator.Agent.Engine;

/// <summary>A cycle that made no set, and is no failure either.</summary>
/// <param name="Until">When to look again by itself; null: when something changes.</param>
public readonly record struct CycleRest(DateTimeOffset? Until);
