using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.NetworkMaps;

/// <summary>What is known about the networks of a map.</summary>
public sealed record NetworkMapStatus : IConditioned
{
    /// <inheritdoc/>
    public long? ObservedGeneration { get; init; }

    /// <summary>Mappings whose networks exist on both sides, as far as connected hosts tell; absent: not known.</summary>
    public int? Mapped { get; init; }

    /// <summary>Networks of the source site that no mapping names; absent: not known.</summary>
    public int? Unmapped { get; init; }

    /// <summary>Those networks by name, at most 200.</summary>
    public IReadOnlyList<string> UnmappedNetworks { get; init; } = [];

    /// <inheritdoc/>
    public IReadOnlyList<V1Condition> Conditions { get; init; } = [];
}
