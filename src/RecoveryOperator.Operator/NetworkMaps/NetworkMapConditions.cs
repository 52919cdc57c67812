using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.NetworkMaps;
using RecoveryOperator.Api.Sites;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.NetworkMaps;

/// <summary>What is known when a map is visited.</summary>
/// <param name="Map">The map.</param>
/// <param name="Older">Another map of the same pair that counts instead; null when this one does.</param>
/// <param name="Source">Its source site; null when there is none of that name.</param>
/// <param name="Target">Its target site; null when there is none of that name.</param>
/// <param name="SourceNetworks">Networks of the source site; null when not known.</param>
/// <param name="TargetNetworks">Networks of the target site; null when not known.</param>
internal sealed record NetworkMapFacts(
    NetworkMap Map, NetworkMap? Older, RecoverySite? Source, RecoverySite? Target, IReadOnlySet<string>? SourceNetworks, IReadOnlySet<string>? TargetNetworks)
{
    /// <summary>Networks of the source site that no mapping names; null when not known.</summary>
    public IReadOnlyList<string>? Unmapped =>
        SourceNetworks?.Except(Map.Spec.Mappings.Select(m => m.Source)).Order(StringComparer.Ordinal).ToList();

    /// <summary>Mappings whose networks are known on both sides; null when not known.</summary>
    public int? Mapped => (SourceNetworks, TargetNetworks) is ({ } sources, { } targets)
        ? Map.Spec.Mappings.Count(m => sources.Contains(m.Source) && targets.Contains(m.Target.Network))
        : null;
}

/// <summary>A map's specific conditions. Pure.</summary>
internal static class NetworkMapConditions
{
    public static IReadOnlyList<ConditionFact> Decide(NetworkMapFacts facts) => [Valid(facts), References(facts), Found(facts)];

    private static ConditionFact Valid(NetworkMapFacts facts)
    {
        if (NetworkMapCheck.Invalid(facts.Map.Spec) is { } invalid)
            return new(ConditionTypes.Valid, false, invalid.Reason, invalid.Message);
        return facts.Older is { } older
            ? new(ConditionTypes.Valid, false, "PairMapped", $"NetworkMap {NamespacedName.Of(older)} is older, is of the same pair of sites, and counts: move the mappings there, and delete one of the two.")
            : new(ConditionTypes.Valid, true, "Valid", "Every value can be used.");
    }

    private static ConditionFact References(NetworkMapFacts facts)
    {
        var missing = new[] { (facts.Source, "sourceSiteRef", facts.Map.Spec.SourceSiteRef.Name), (facts.Target, "targetSiteRef", facts.Map.Spec.TargetSiteRef.Name) }
            .Where(site => site.Item1 is null)
            .Select(site => $"RecoverySite {facts.Map.Metadata.NamespaceProperty}/{site.Item3} does not exist: create it, or create the map anew with another spec.{site.Item2}.")
            .ToList();
        return missing.Count == 0
            ? new(ConditionTypes.ReferencesResolved, true, "Resolved", "Both sites are there.")
            : new(ConditionTypes.ReferencesResolved, false, "SiteNotFound", string.Join(" ", missing));
    }

    private static ConditionFact Found(NetworkMapFacts facts)
    {
        const string Type = ConditionTypes.NetworksFound;
        var spec = facts.Map.Spec;
        List<string> missing =
        [
            .. Missing(spec.Mappings.Select(m => m.Source), facts.SourceNetworks, spec.SourceSiteRef.Name),
            .. Missing(Places(spec).Select(place => place.Network), facts.TargetNetworks, spec.TargetSiteRef.Name),
        ];
        if (missing.Count > 0)
            return new(Type, false, "NetworkNotFound", $"{string.Join(" ", missing)} Correct the names in spec, or create the networks on a host.");
        return facts.Mapped is null
            ? new(Type, null, "NotKnown", "No host of one of the sites is connected, so its networks are not known: see the RecoverySite's condition HostsConnected.")
            : new(Type, true, "Found", "Every network that is named is there.");
    }

    private static IEnumerable<NetworkPlace> Places(NetworkMapSpec spec) =>
        spec.Mappings.SelectMany(m => new[] { m.Target, m.Test }).Append(spec.TestNetwork).OfType<NetworkPlace>();

    private static IEnumerable<string> Missing(IEnumerable<string> wanted, IReadOnlySet<string>? known, string site) => known is null
        ? []
        : wanted.Distinct(StringComparer.Ordinal).Where(network => !known.Contains(network)).Select(network => $"No connected host of RecoverySite {site} has a network '{network}'.");
}
