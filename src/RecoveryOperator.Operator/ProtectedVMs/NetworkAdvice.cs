using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.NetworkMaps;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>Whether each network of the machine has one that takes its place at the target. Pure.</summary>
internal static class NetworkAdvice
{
    private const string Type = ConditionTypes.NetworksMapped;

    /// <param name="used">Networks that the machine is connected to; null when not known.</param>
    /// <param name="source">Its site.</param>
    /// <param name="target">Target site; null when none is given.</param>
    /// <param name="map">Map of the pair; null when there is none.</param>
    /// <param name="isListed">Whether maps are known at all.</param>
    /// <param name="known">Networks of the target site; null when not known.</param>
    public static ConditionFact Decide(IReadOnlyList<string>? used, string source, string? target, NetworkMap? map, bool isListed, IReadOnlySet<string>? known)
    {
        if (used is null)
            return new(Type, null, "NotKnown", "The machine's networks are not known.");
        if (used.Count == 0)
            return new(Type, true, "NoNetworks", "The machine is connected to no network.");
        if (target is null)
            return new(Type, null, "NoTarget", "spec.target is not given, so it is not known where the networks lead.");
        if (!isListed)
            return new(Type, null, "MapsNotListed", $"NetworkMaps cannot be listed, so it is not known which networks of {target} take the place of the machine's: install the kind (crds/), and let the operator get, list and watch networkmaps.");
        if (map is null)
            return WithoutMap(used, source, target, known);
        var unmapped = used.Where(network => map.Spec.Mappings.All(m => m.Source != network)).ToList();
        return unmapped.Count == 0
            ? new(Type, true, "Mapped", $"NetworkMap {NamespacedName.Of(map)} maps every network of the machine.")
            : new(Type, false, "NetworkNotMapped", $"{Quoted(unmapped)} of the machine is not mapped from {source} to {target}, so the recovered machine is not connected there: add it to spec.mappings of NetworkMap {NamespacedName.Of(map)}.");
    }

    /// <summary>Without a map networks keep their names.</summary>
    private static ConditionFact WithoutMap(IReadOnlyList<string> used, string source, string target, IReadOnlySet<string>? known)
    {
        if (known is null)
            return new(Type, null, "NotKnown", $"There is no NetworkMap from {source} to {target}, and no host of {target} is connected to tell whether it has the same networks.");
        var missing = used.Where(network => !known.Contains(network)).ToList();
        return missing.Count == 0
            ? new(Type, true, "SameNames", $"There is no NetworkMap from {source} to {target}: networks keep their names, and all of them are there.")
            : new(Type, false, "NetworkNotMapped", $"{Quoted(missing)} of the machine does not exist in {target}, and there is no NetworkMap from {source} to {target}: create one, or create the network there.");
    }

    private static string Quoted(IReadOnlyList<string> networks) => $"Network {string.Join(", ", networks.Select(n => $"'{n}'"))}";
}
