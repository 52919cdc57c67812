using k8s.Models;

namespace RecoveryOperator.Api.Common;

/// <summary>What every status has.</summary>
public interface IConditioned
{
    /// <summary>Generation of the spec that the status was made from.</summary>
    long? ObservedGeneration { get; init; }

    /// <summary>Conditions, one per type.</summary>
    IReadOnlyList<V1Condition> Conditions { get; init; }
}
