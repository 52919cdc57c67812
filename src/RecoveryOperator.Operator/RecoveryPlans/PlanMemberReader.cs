using RecoveryOperator.Api.Plans;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>Reads where a plan's VMs stand, from the vault alone: a cluster rebuilt from Git sees the same.</summary>
internal sealed class PlanMemberReader(IObjectReader<ProtectedVM> machines, IPlanVaults vaults, PlanOptions options)
{
    /// <summary>
    /// All members, in the order of the groups. Never throws for one member's sake. A VM that is named twice counts in its first group: an old API server
    /// does not refuse it.
    /// </summary>
    public async Task<IReadOnlyList<PlanMemberView>> ReadAsync(RecoveryPlan plan, CancellationToken cancellationToken)
    {
        var reads = plan.Spec.Groups
            .SelectMany((group, index) => group.Vms.Select(vm => (vm.Name, Group: index)))
            .DistinctBy(vm => vm.Name)
            .Select(vm => ReadAsync(NamespacedName.Of(plan) with { Name = vm.Name }, vm.Group, cancellationToken));
        return await Task.WhenAll(reads);
    }

    /// <summary>One member again, after a step changed its journal.</summary>
    public async Task<PlanMemberView> ReadAsync(NamespacedName key, int group, CancellationToken cancellationToken)
    {
        var resource = machines.Get(key);
        if (resource is null)
            return new(key.Name, group, PlanMemberState.NotRecoverable, $"ProtectedVM {key} does not exist: create it, or take it out of the plan.");

        var vaultName = key with { Name = resource.Spec.VaultRef.Name };
        try
        {
            var account = await vaults.OpenAsync(vaultName, cancellationToken);
            var vault = account.Open(ProtectionIds.Derive(account.Prefix, key.Namespace, key.Name));
            return await CompleteAsync(new(key.Name, group, PlanMemberState.Unknown, null) { Resource = resource, VaultName = vaultName, Vault = vault }, cancellationToken);
        }
        catch (VaultException fault)
        {
            return new(key.Name, group, PlanMemberState.Unknown, $"{key.Name}: {fault.Message} {fault.Remedy}") { Resource = resource, VaultName = vaultName };
        }
    }

    private async Task<PlanMemberView> CompleteAsync(PlanMemberView view, CancellationToken cancellationToken)
    {
        var journal = await view.Vault!.ReadJournalAsync(cancellationToken);
        if (journal is null)
            return view with { State = PlanMemberState.NotRecoverable, Problem = $"{view.Name} has no replica in vault {view.VaultName} yet." };

        var owner = await view.Vault.ReadVmAsync(cancellationToken);
        if (owner is not null && owner.Value.Cluster != options.ClusterName)
        {
            return view with
            {
                State = PlanMemberState.NotRecoverable,
                Problem = $"The replica of {view.Name} belongs to cluster '{owner.Value.Cluster}', not to '{options.ClusterName}': adopt it in its ProtectedVM first.",
            };
        }

        var applied = await view.Vault.ReadAppliedAsync(cancellationToken);
        var read = view with { Journal = journal, Applied = applied };
        return read with { State = StateOf(read), Problem = ProblemOf(read) };
    }

    private static PlanMemberState StateOf(PlanMemberView view) => view.Failover switch
    {
        null when view.Applied?.LatestPoint is null => PlanMemberState.NotRecoverable,
        null => PlanMemberState.Protected,
        { Committed: true } => PlanMemberState.Committed,
        not null when view.HasStarted => PlanMemberState.FailedOver,
        _ => PlanMemberState.FailingOver,
    };

    private static string? ProblemOf(PlanMemberView view) =>
        view.Failover is null && view.Applied?.LatestPoint is null ? $"{view.Name} has no recovery point yet." : null;
}
