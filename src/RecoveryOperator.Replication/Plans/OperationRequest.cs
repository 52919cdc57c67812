using System.Security.Cryptography;
using System.Text;

namespace RecoveryOperator.Replication.Plans;

/// <summary>What a plan is asked to do.</summary>
public enum OperationType
{
    /// <summary>Bring the VMs up on the target without the source's help.</summary>
    UnplannedFailover,

    /// <summary>End the choice of recovery point.</summary>
    Commit,

    /// <summary>Bring copies of the VMs up on the target, apart from production; replication goes on.</summary>
    TestFailover,

    /// <summary>Remove what a test failover made.</summary>
    CleanupTestFailover,
}

/// <summary>A request from <c>spec.operation</c>.</summary>
/// <param name="Id">The user's id.</param>
/// <param name="Type">What is wanted.</param>
/// <param name="RecoveryPoint"><c>Latest</c>, <c>LatestProcessed</c>, <c>LatestAppConsistent</c> or a time (RFC 3339); <c>Latest</c> when not given.</param>
public sealed record OperationRequest(string Id, OperationType Type, string RecoveryPoint)
{
    /// <summary>SHA-256 (lower-case hex) over all fields but the id: the same id with another digest is refused.</summary>
    public string Digest => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Notes is null ? $"{Type}\n{RecoveryPoint}" : $"{Type}\n{RecoveryPoint}\n{Notes}")));

    /// <summary>What was seen in a test, told with its cleanup; null when nothing was said.</summary>
    public string? Notes { get; init; }
}

/// <summary>State of a recorded operation.</summary>
public enum OperationState
{
    /// <summary>Recorded and being executed.</summary>
    Accepted,

    /// <summary>Not allowed when it was seen; never runs.</summary>
    Refused,

    /// <summary>Ended well.</summary>
    Succeeded,

    /// <summary>Ended without success.</summary>
    Failed,

    /// <summary>Ended because somebody asked for it, before it had any effect.</summary>
    Canceled,
}

/// <summary>An operation that the plan's journal knows.</summary>
/// <param name="Id">The user's id.</param>
/// <param name="Digest">Digest of its request.</param>
/// <param name="Type">Its type.</param>
/// <param name="State">Its state.</param>
public sealed record KnownOperation(string Id, string Digest, OperationType Type, OperationState State);
