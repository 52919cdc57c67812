using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.NetworkMaps;

/// <summary>What a user says about the networks of a pair of sites. A network that is not mapped stays disconnected at the target.</summary>
public sealed record NetworkMapSpec
{
    /// <summary>Site that machines are recovered from; immutable.</summary>
    public required LocalRef SourceSiteRef { get; init; }

    /// <summary>Site that machines are recovered to, may be the same; immutable.</summary>
    public required LocalRef TargetSiteRef { get; init; }

    /// <summary>One entry for each network of the source site, 1 to 200; several may lead to the same target.</summary>
    public required IReadOnlyList<NetworkMapping> Mappings { get; init; }

    /// <summary>Isolated network that takes the place of every source network in a test failover.</summary>
    public NetworkPlace? TestNetwork { get; init; }
}

/// <summary>A network of the source site and what takes its place.</summary>
public sealed record NetworkMapping
{
    /// <summary>Network of the source site, by its name there; at most once in a map.</summary>
    public required string Source { get; init; }

    /// <summary>Network that takes its place in a planned or unplanned failover.</summary>
    public required NetworkPlace Target { get; init; }

    /// <summary>Network that takes its place in a test failover; absent: the map's test network.</summary>
    public NetworkPlace? Test { get; init; }
}

/// <summary>A network of the target site.</summary>
public sealed record NetworkPlace
{
    /// <summary>Its name there; for an Azure site the resource id of a virtual network.</summary>
    public required string Network { get; init; }

    /// <summary>Subnet; absent: the one named as the machine's subnet at the source, otherwise the first.</summary>
    public string? Subnet { get; init; }
}
