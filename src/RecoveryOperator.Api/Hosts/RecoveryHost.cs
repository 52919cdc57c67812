using k8s;
using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Hosts;

/// <summary>One host agent: its address and trust.</summary>
[KubernetesEntity(Group = ApiConstants.Group, ApiVersion = ApiConstants.Version, Kind = KindName, PluralName = "recoveryhosts")]
public sealed class RecoveryHost : IKubernetesObject<V1ObjectMeta>, ISpec<RecoveryHostSpec>, IStatus<RecoveryHostStatus?>
{
    /// <summary>The kind.</summary>
    public const string KindName = "RecoveryHost";

    /// <inheritdoc/>
    public string ApiVersion { get; set; } = ApiConstants.Group + "/" + ApiConstants.Version;

    /// <inheritdoc/>
    public string Kind { get; set; } = KindName;

    /// <inheritdoc/>
    public V1ObjectMeta Metadata { get; set; } = new();

    /// <inheritdoc/>
    public required RecoveryHostSpec Spec { get; set; }

    /// <inheritdoc/>
    public RecoveryHostStatus? Status { get; set; }
}
