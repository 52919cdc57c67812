using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>Opens the storage account behind a RecoveryVault.</summary>
public interface IPlanVaults
{
    /// <summary>The account, with the credentials that the resource names.</summary>
    /// <exception cref="Vault.VaultException">The resource, its Secret or the credentials cannot be used; says what to do.</exception>
    Task<VaultAccount> OpenAsync(NamespacedName vault, CancellationToken cancellationToken);
}
