using RecoveryOperator.Api.Vaults;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Vaults;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>The accounts behind RecoveryVaults. Also asks a vault that was down a moment ago: a failover does not wait for the next check.</summary>
internal sealed class PlanVaults(IObjectReader<RecoveryVault> vaults, VaultAccounts accounts) : IPlanVaults
{
    /// <inheritdoc/>
    public async Task<VaultAccount> OpenAsync(NamespacedName vault, CancellationToken cancellationToken)
    {
        var resource = vaults.Get(vault)
            ?? throw new VaultException(VaultFault.NotFound, $"RecoveryVault {vault}", $"RecoveryVault {vault} does not exist.", "Create it.");
        var result = await accounts.OpenAsync(resource, cancellationToken);
        return result.Account
            ?? throw new VaultException(VaultFault.Unsupported, $"RecoveryVault {vault}", result.Obstacle!.Message, "It is tried again by itself.");
    }
}
