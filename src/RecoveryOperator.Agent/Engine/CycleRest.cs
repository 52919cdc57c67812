namespace RecoveryOperator.Agent.Engine;

/// <summary>A cycle that made no set, and is no failure either.</summary>
/// <param name="Until">When to look again by itself; null: when something changes.</param>
/// <param name="UntilRoom">It waits for room in the queue of cuts, and goes on as soon as there is some, whoever made it.</param>
public readonly record struct CycleRest(DateTimeOffset? Until, bool UntilRoom = false);
