using RecoveryOperator.Api.Plans;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>A plan's journal as it was read.</summary>
/// <param name="Vault">RecoveryVault that holds it.</param>
/// <param name="Store">Where it lives.</param>
/// <param name="Document">Its content; empty when it does not exist yet.</param>
/// <param name="ETag">Its version; null when it does not exist yet.</param>
internal sealed record PlanJournal(string Vault, PlanJournalStore Store, PlanJournalDocument Document, string? ETag);

/// <summary>Finds and opens plans' journals. A journal stays in the vault that it was begun in: ids that stand there are spent.</summary>
internal sealed class PlanJournals(IPlanVaults vaults, IObjectReader<ProtectedVM> machines)
{
    /// <summary>
    /// The journal of a plan. Without <c>spec.vaultRef</c> it is looked for where the plan's status says, then in the vault of each machine, in their order; where
    /// none is, it will be made in the first one's.
    /// </summary>
    /// <exception cref="VaultException">A vault that may hold it cannot be used, or the plan names none.</exception>
    public async Task<PlanJournal> OpenAsync(RecoveryPlan plan, CancellationToken cancellationToken)
    {
        var key = NamespacedName.Of(plan);
        foreach (var vault in Places(plan, key))
        {
            if (await ReadAsync(plan, key, vault, cancellationToken) is { } journal)
                return journal;
        }

        var home = plan.Spec.VaultRef?.Name ?? FirstVault(plan, key);
        var empty = await StoreAsync(key, home, cancellationToken);
        return new PlanJournal(home, empty, new PlanJournalDocument { Plan = empty.PlanId.ToString(), Namespace = key.Namespace, Name = key.Name }, null);
    }

    /// <summary>The journal, if it is in this vault.</summary>
    private async Task<PlanJournal?> ReadAsync(RecoveryPlan plan, NamespacedName key, string vault, CancellationToken cancellationToken)
    {
        try
        {
            var store = await StoreAsync(key, vault, cancellationToken);
            return await store.ReadAsync(cancellationToken) is { } read ? new PlanJournal(vault, store, read.Value, read.ETag) : null;
        }
        catch (VaultException fault) when (plan.Spec.VaultRef is null && Places(plan, key).Skip(1).Any())
        {
            // Its vault may hold the journal, so no other is taken; whoever knows where it is may say so.
            throw new VaultException(
                fault.Fault,
                fault.Target,
                fault.Message,
                $"{fault.Remedy} The journal of plan {key} may be in RecoveryVault {vault}: if it is in another one, or the plan has never run, set spec.vaultRef to that vault.",
                fault)
            { GrantExpired = fault.GrantExpired };
        }
    }

    /// <summary>Writes it if nobody else did.</summary>
    public static async Task<bool> WriteAsync(PlanJournal journal, CancellationToken cancellationToken) =>
        await journal.Store.WriteAsync(journal.Document, journal.ETag, cancellationToken) is not null;

    private async Task<PlanJournalStore> StoreAsync(NamespacedName plan, string vault, CancellationToken cancellationToken) =>
        (await vaults.OpenAsync(plan with { Name = vault }, cancellationToken)).OpenPlanJournal(plan.Namespace, plan.Name);

    private IEnumerable<string> Places(RecoveryPlan plan, NamespacedName key)
    {
        if (plan.Spec.VaultRef is { } given)
            return [given.Name];
        var ofMachines = Names(plan).Select(name => machines.Get(key with { Name = name })?.Spec.VaultRef.Name);
        return ofMachines.Prepend(plan.Status?.JournalVaultRef?.Name).OfType<string>().Distinct();
    }

    private string FirstVault(RecoveryPlan plan, NamespacedName key)
    {
        var first = Names(plan).FirstOrDefault();
        return first is not null && machines.Get(key with { Name = first }) is { } machine
            ? machine.Spec.VaultRef.Name
            : throw new VaultException(
                VaultFault.NotFound,
                $"plan {key}",
                $"The plan's journal has no vault: ProtectedVM {key.Namespace}/{first}, its first machine, does not exist.",
                "Create it, or set spec.vaultRef in the plan.");
    }

    private static IEnumerable<string> Names(RecoveryPlan plan) => plan.Spec.Groups.SelectMany(g => g.Vms).Select(vm => vm.Name);
}
