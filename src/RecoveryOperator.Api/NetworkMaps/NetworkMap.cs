using k8s;
using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.NetworkMaps;

/// <summary>Which network of the target site takes the place of which network of the source site.</summary>
[KubernetesEntity(Group = ApiConstants.Group, ApiVersion = ApiConstants.Version, Kind = KindName, PluralName = "networkmaps")]
public sealed class NetworkMap : IKubernetesObject<V1ObjectMeta>, ISpec<NetworkMapSpec>, IStatus<NetworkMapStatus?>
{
    /// <summary>The kind.</summary>
    public const string KindName = "NetworkMap";

    /// <inheritdoc/>
    public string ApiVersion { get; set; } = ApiConstants.Group + "/" + ApiConstants.Version;

    /// <inheritdoc/>
    public string Kind { get; set; } = KindName;

    /// <inheritdoc/>
    public V1ObjectMeta Metadata { get; set; } = new();

    /// <inheritdoc/>
    public required NetworkMapSpec Spec { get; set; }

    /// <inheritdoc/>
    public NetworkMapStatus? Status { get; set; }
}
