using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Policies;

/// <summary>What is known about a policy.</summary>
public sealed record ReplicationPolicyStatus : IConditioned
{
    /// <inheritdoc/>
    public long? ObservedGeneration { get; init; }

    /// <summary>ProtectedVMs that name the policy.</summary>
    public int? UsedBy { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<V1Condition> Conditions { get; init; } = [];
}
