using k8s;
using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Sites;

/// <summary>A cloud of hosts with one hypervisor.</summary>
[KubernetesEntity(Group = ApiConstants.Group, ApiVersion = ApiConstants.Version, Kind = KindName, PluralName = "recoverysites")]
public sealed class RecoverySite : IKubernetesObject<V1ObjectMeta>, ISpec<RecoverySiteSpec>, IStatus<RecoverySiteStatus?>
{
    /// <summary>The kind.</summary>
    public const string KindName = "RecoverySite";

    /// <inheritdoc/>
    public string ApiVersion { get; set; } = ApiConstants.Group + "/" + ApiConstants.Version;

    /// <inheritdoc/>
    public string Kind { get; set; } = KindName;

    /// <inheritdoc/>
    public V1ObjectMeta Metadata { get; set; } = new();

    /// <inheritdoc/>
    public required RecoverySiteSpec Spec { get; set; }

    /// <inheritdoc/>
    public RecoverySiteStatus? Status { get; set; }
}
