using RecoveryOperator.Api.NetworkMaps;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Operator.NetworkMaps;

/// <summary>Finds the map of a pair of sites. Of several the oldest counts; of the same age, the first by name.</summary>
internal sealed class NetworkMapLookup(IObjectReader<NetworkMap> maps)
{
    /// <summary>Name of the index by source site.</summary>
    public const string BySource = "source";

    /// <summary>Name of the index by target site.</summary>
    public const string ByTarget = "target";

    /// <summary>Whether maps are known: not where the kind is not installed, or cannot be listed.</summary>
    public bool IsListed => maps is not IInformer informer || informer is { HasSynced: true, IsAbsent: false };

    /// <summary>The map that counts; null when there is none.</summary>
    public NetworkMap? Find(NamespacedName source, string target) =>
        maps.ByIndex(BySource, source.ToString()).Where(m => m.Spec.TargetSiteRef.Name == target).MinBy(Age);

    /// <summary>All maps to a site.</summary>
    public IEnumerable<NetworkMap> To(NamespacedName target) => maps.ByIndex(ByTarget, target.ToString());

    private static (DateTime, string) Age(NetworkMap map) => (map.Metadata.CreationTimestamp ?? DateTime.MaxValue, map.Metadata.Name);
}
