using k8s;
using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.ProtectedVMs;

/// <summary>One machine under protection.</summary>
[KubernetesEntity(Group = ApiConstants.Group, ApiVersion = ApiConstants.Version, Kind = KindName, PluralName = "protectedvms")]
public sealed class ProtectedVM : IKubernetesObject<V1ObjectMeta>, ISpec<ProtectedVMSpec>, IStatus<ProtectedVMStatus?>
{
    /// <summary>The kind.</summary>
    public const string KindName = "ProtectedVM";

    /// <inheritdoc/>
    public string ApiVersion { get; set; } = ApiConstants.Group + "/" + ApiConstants.Version;

    /// <inheritdoc/>
    public string Kind { get; set; } = KindName;

    /// <inheritdoc/>
    public V1ObjectMeta Metadata { get; set; } = new();

    /// <inheritdoc/>
    public required ProtectedVMSpec Spec { get; set; }

    /// <inheritdoc/>
    public ProtectedVMStatus? Status { get; set; }
}
