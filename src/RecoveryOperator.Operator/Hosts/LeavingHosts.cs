using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Operator.Hosts;

/// <summary>Hosts that are being deleted: they get nothing any more.</summary>
internal sealed class LeavingHosts(IObjectReader<RecoveryHost> hosts)
{
    /// <summary>Whether a host is being deleted, or gone.</summary>
    public bool Contains(NamespacedName host) => hosts.Get(host) is not { Metadata.DeletionTimestamp: null };
}
