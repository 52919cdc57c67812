using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Hosts;

namespace RecoveryOperator.Operator.NetworkMaps;

/// <summary>Networks of a site, as its connected hosts tell them.</summary>
internal sealed class SiteNetworks(IObjectReader<RecoveryHost> hosts)
{
    /// <summary>Networks that at least one connected host has; null when no host is connected, so that nothing is known.</summary>
    public IReadOnlySet<string>? Of(NamespacedName site)
    {
        var connected = hosts.ByIndex(RecoveryHostController.BySite, site.ToString()).Where(h => h.Status?.Connected == true).ToList();
        return connected.Count == 0 ? null : connected.SelectMany(h => h.Status!.Networks).ToHashSet(StringComparer.Ordinal);
    }
}
