namespace RecoveryOperator.EndToEnd.Tests.Chaos;

/// <summary>One SIGKILL.</summary>
/// <param name="Part">Who was killed.</param>
/// <param name="Phase">What it was doing, by the last stage in its log.</param>
/// <param name="RecoveryMilliseconds">From the kill until a set that was cut after it was a recovery point; null within a failover.</param>
internal sealed record KillRecord(string Part, string Phase, long? RecoveryMilliseconds);
