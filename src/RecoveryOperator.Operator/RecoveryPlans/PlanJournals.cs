using RecoveryOperator.Api.Plans;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>A plan's journal as it was read.</summary>
/// <param name="Store">Where it lives.</param>
/// <param name="Document">Its content; empty when it does not exist yet.</param>
/// <param name="ETag">Its version; null when it does not exist yet.</param>
internal sealed record PlanJournal(PlanJournalStore Store, PlanJournalDocument Document, string? ETag);

/// <summary>Opens plans' journals.</summary>
internal sealed class PlanJournals(IPlanVaults vaults, IObjectReader<ProtectedVM> machines)
{
    /// <summary>The journal of a plan.</summary>
    /// <exception cref="VaultException">The vault cannot be used, or the plan names none.</exception>
    public async Task<PlanJournal> OpenAsync(RecoveryPlan plan, CancellationToken cancellationToken)
    {
        var key = NamespacedName.Of(plan);
        var vault = plan.Spec.VaultRef?.Name ?? FirstVault(plan, key);
        var account = await vaults.OpenAsync(key with { Name = vault }, cancellationToken);
        var store = account.OpenPlanJournal(key.Namespace, key.Name);
        var read = await store.ReadAsync(cancellationToken);
        return read is null
            ? new PlanJournal(store, new PlanJournalDocument { Plan = store.PlanId.ToString(), Namespace = key.Namespace, Name = key.Name }, null)
            : new PlanJournal(store, read.Value, read.ETag);
    }

    /// <summary>Writes it if nobody else did.</summary>
    public static async Task<bool> WriteAsync(PlanJournal journal, CancellationToken cancellationToken) =>
        await journal.Store.WriteAsync(journal.Document, journal.ETag, cancellationToken) is not null;

    private string FirstVault(RecoveryPlan plan, NamespacedName key)
    {
        var first = plan.Spec.Groups.SelectMany(g => g.Vms).FirstOrDefault()?.Name;
        return first is not null && machines.Get(key with { Name = first }) is { } machine
            ? machine.Spec.VaultRef.Name
            : throw new VaultException(
                VaultFault.NotFound,
                $"plan {key}",
                $"The plan's journal has no vault: ProtectedVM {key.Namespace}/{first}, its first machine, does not exist.",
                "Create it, or set spec.vaultRef in the plan.");
    }
}
