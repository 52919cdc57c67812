using k8s;
using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Jobs;

/// <summary>One execution of a long operation; the journal in the vault outlives it.</summary>
[KubernetesEntity(Group = ApiConstants.Group, ApiVersion = ApiConstants.Version, Kind = KindName, PluralName = "recoveryjobs")]
public sealed class RecoveryJob : IKubernetesObject<V1ObjectMeta>, ISpec<RecoveryJobSpec>, IStatus<RecoveryJobStatus?>
{
    /// <summary>The kind.</summary>
    public const string KindName = "RecoveryJob";

    /// <inheritdoc/>
    public string ApiVersion { get; set; } = ApiConstants.Group + "/" + ApiConstants.Version;

    /// <inheritdoc/>
    public string Kind { get; set; } = KindName;

    /// <inheritdoc/>
    public V1ObjectMeta Metadata { get; set; } = new();

    /// <inheritdoc/>
    public required RecoveryJobSpec Spec { get; set; }

    /// <inheritdoc/>
    public RecoveryJobStatus? Status { get; set; }
}
