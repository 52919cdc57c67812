using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Operations;

/// <summary>An operation that has ended, as it is remembered.</summary>
/// <param name="RequestDigest">SHA-256 (hex) over the request that began it.</param>
/// <param name="Operation">Its last state.</param>
public sealed record EndedOperation(string RequestDigest, Operation Operation);
