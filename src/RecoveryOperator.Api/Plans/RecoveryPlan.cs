using k8s;
using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Plans;

/// <summary>Machines that are recovered together, in order, and the operation wanted.</summary>
[KubernetesEntity(Group = ApiConstants.Group, ApiVersion = ApiConstants.Version, Kind = KindName, PluralName = "recoveryplans")]
public sealed class RecoveryPlan : IKubernetesObject<V1ObjectMeta>, ISpec<RecoveryPlanSpec>, IStatus<RecoveryPlanStatus?>
{
    /// <summary>The kind.</summary>
    public const string KindName = "RecoveryPlan";

    /// <inheritdoc/>
    public string ApiVersion { get; set; } = ApiConstants.Group + "/" + ApiConstants.Version;

    /// <inheritdoc/>
    public string Kind { get; set; } = KindName;

    /// <inheritdoc/>
    public V1ObjectMeta Metadata { get; set; } = new();

    /// <inheritdoc/>
    public required RecoveryPlanSpec Spec { get; set; }

    /// <inheritdoc/>
    public RecoveryPlanStatus? Status { get; set; }
}
