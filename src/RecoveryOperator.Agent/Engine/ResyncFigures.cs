using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine;

/// <summary>What a resynchronization does now, for people.</summary>
/// <param name="Stage">What.</param>
/// <param name="StartsAt">The window's next start, while it waits for that.</param>
/// <param name="ComparedBytes">Bytes of the disks compared so far.</param>
/// <param name="DifferentBytes">Bytes that differed so far.</param>
public sealed record ResyncFigures(ResyncStage Stage, DateTimeOffset? StartsAt = null, long ComparedBytes = 0, long DifferentBytes = 0);
