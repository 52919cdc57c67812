using k8s;
using k8s.Models;
using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Vaults;

/// <summary>A storage account that holds replicas.</summary>
[KubernetesEntity(Group = ApiConstants.Group, ApiVersion = ApiConstants.Version, Kind = KindName, PluralName = "recoveryvaults")]
public sealed class RecoveryVault : IKubernetesObject<V1ObjectMeta>, ISpec<RecoveryVaultSpec>, IStatus<RecoveryVaultStatus?>
{
    /// <summary>The kind.</summary>
    public const string KindName = "RecoveryVault";

    /// <inheritdoc/>
    public string ApiVersion { get; set; } = ApiConstants.Group + "/" + ApiConstants.Version;

    /// <inheritdoc/>
    public string Kind { get; set; } = KindName;

    /// <inheritdoc/>
    public V1ObjectMeta Metadata { get; set; } = new();

    /// <inheritdoc/>
    public required RecoveryVaultSpec Spec { get; set; }

    /// <inheritdoc/>
    public RecoveryVaultStatus? Status { get; set; }
}
