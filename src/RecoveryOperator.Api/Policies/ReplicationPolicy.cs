using k8s;
using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Policies;

/// <summary>How often machines are copied and how long points are kept.</summary>
[KubernetesEntity(Group = ApiConstants.Group, ApiVersion = ApiConstants.Version, Kind = KindName, PluralName = "replicationpolicies")]
public sealed class ReplicationPolicy : IKubernetesObject<V1ObjectMeta>, ISpec<ReplicationPolicySpec>, IStatus<ReplicationPolicyStatus?>
{
    /// <summary>The kind.</summary>
    public const string KindName = "ReplicationPolicy";

    /// <inheritdoc/>
    public string ApiVersion { get; set; } = ApiConstants.Group + "/" + ApiConstants.Version;

    /// <inheritdoc/>
    public string Kind { get; set; } = KindName;

    /// <inheritdoc/>
    public V1ObjectMeta Metadata { get; set; } = new();

    /// <inheritdoc/>
    public required ReplicationPolicySpec Spec { get; set; }

    /// <inheritdoc/>
    public ReplicationPolicyStatus? Status { get; set; }
}
