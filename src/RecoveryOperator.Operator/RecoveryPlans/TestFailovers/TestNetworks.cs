using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.NetworkMaps;

namespace RecoveryOperator.Operator.RecoveryPlans.TestFailovers;

/// <summary>Finds the network of each interface of a test machine. What has no test network is not connected: a test never reaches production.</summary>
internal sealed class TestNetworks(NetworkMapLookup maps)
{
    /// <summary>The networks, by the map of the pair of sites as it is now.</summary>
    /// <param name="machine">The source.</param>
    /// <param name="targetSite">Where the test machine is made.</param>
    /// <param name="definition">The machine at the recovery point.</param>
    public TestConnections Of(ProtectedVM machine, string targetSite, PointMachine definition)
    {
        if (definition.Nics.Count == 0)
            return new([], null);
        var source = NamespacedName.Of(machine) with { Name = machine.Spec.SiteRef.Name };
        var pair = $"from site {source.Name} to {targetSite}";
        var name = machine.Metadata.Name;
        if (!maps.IsListed)
            return Unconnected(definition, $"{name} is not connected to any network: NetworkMaps cannot be listed.");
        var map = maps.Find(source, targetSite);
        if (map is null)
            return Unconnected(definition, $"{name} is not connected to any network: there is no NetworkMap {pair} with a testNetwork.");
        if (NetworkMapCheck.Invalid(map.Spec) is { } invalid)
            return Unconnected(definition, $"{name} is not connected to any network: NetworkMap {map.Metadata.Name} cannot be used. {invalid.Message}");

        var wanted = definition.Nics
            .Select(nic => map.Spec.Mappings.FirstOrDefault(m => m.Source == nic.Network)?.Test?.Network ?? map.Spec.TestNetwork?.Network ?? string.Empty)
            .ToList();
        var production = ProductionOf(definition, source, targetSite);
        var missing = definition.Nics.Where((_, i) => wanted[i].Length == 0).Select(nic => nic.Network ?? "(none)").Distinct().ToList();
        var refused = wanted.Where(production.Contains).Distinct().ToList();
        List<string> warnings = [];
        if (missing.Count > 0)
            warnings.Add($"{name} is not connected for {string.Join(", ", missing)}: NetworkMap {map.Metadata.Name} has no testNetwork for it.");
        if (refused.Count > 0)
            warnings.Add($"{name} is not connected to {string.Join(", ", refused)}: recovered machines are connected to networks of that name, and a test must not meet them. Name an isolated network in NetworkMap {map.Metadata.Name}.");
        return new([.. wanted.Select(network => production.Contains(network) ? string.Empty : network)], warnings.Count == 0 ? null : string.Join(' ', warnings));
    }

    /// <summary>Networks at the target to which a failover connects: of the names that machines have at their source (this machine's; within one site, all that are mapped), and the targets of every map to it.</summary>
    private HashSet<string> ProductionOf(PointMachine definition, NamespacedName source, string targetSite)
    {
        var target = source with { Name = targetSite };
        var networks = definition.Nics.Select(nic => nic.Network).OfType<string>().ToHashSet(StringComparer.Ordinal);
        foreach (var map in maps.To(target))
        {
            networks.UnionWith(map.Spec.Mappings.Select(m => m.Target.Network));
            if (map.Spec.SourceSiteRef.Name == targetSite)
                networks.UnionWith(map.Spec.Mappings.Select(m => m.Source));
        }

        return networks;
    }

    private static TestConnections Unconnected(PointMachine definition, string warning) => new([.. definition.Nics.Select(_ => string.Empty)], warning);
}

/// <summary>How a test machine is connected.</summary>
/// <param name="Networks">Network of each interface, in order; empty: not connected.</param>
/// <param name="Warning">Which are not connected, and why; null when all are.</param>
internal sealed record TestConnections(IReadOnlyList<string> Networks, string? Warning);
