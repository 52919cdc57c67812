using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Sites;

/// <summary>What is known about a site.</summary>
public sealed record RecoverySiteStatus : IConditioned
{
    /// <inheritdoc/>
    public long? ObservedGeneration { get; init; }

    /// <summary>Its hosts.</summary>
    public SiteHosts? Hosts { get; init; }

    /// <summary>Networks that at least one connected host has, at most 200.</summary>
    public IReadOnlyList<string> Networks { get; init; } = [];

    /// <summary>Machines on its connected hosts; null while no host is connected.</summary>
    public int? VmCount { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<V1Condition> Conditions { get; init; } = [];
}

/// <summary>Hosts of a site.</summary>
public sealed record SiteHosts
{
    /// <summary>RecoveryHosts that name the site.</summary>
    public required int Total { get; init; }

    /// <summary>Those whose agent answers.</summary>
    public required int Connected { get; init; }
}
