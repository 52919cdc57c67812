using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans;

public sealed class PlanJournalsTests : IPlanVaults
{
    private const string Remedy = "Wait for it.";

    [Theory]
    [InlineData("a", "b", null, true)]
    [InlineData("a", "a", null, false)]
    [InlineData("a", "b", "a", false)]
    public async Task A_vault_that_is_away_names_the_way_around_it_where_there_is_one(string first, string second, string? given, bool isAround)
    {
        var machines = new FakeReader<ProtectedVM>();
        machines.Items.AddRange([Machine("db", first), Machine("web", second)]);
        var plan = new RecoveryPlan
        {
            Metadata = new() { Name = "shop", NamespaceProperty = "ns" },
            Spec = new() { VaultRef = given is null ? null : new LocalRef { Name = given }, Groups = [new PlanGroup { Name = "all", Vms = [new LocalRef { Name = "db" }, new LocalRef { Name = "web" }] }] },
        };

        var fault = await Assert.ThrowsAsync<VaultException>(() => new PlanJournals(this, machines).OpenAsync(plan, TestContext.Current.CancellationToken));

        Assert.StartsWith(Remedy, fault.Remedy, StringComparison.Ordinal);
        Assert.Equal(isAround, fault.Remedy.Contains("set spec.vaultRef", StringComparison.Ordinal));
    }

    Task<VaultAccount> IPlanVaults.OpenAsync(NamespacedName vault, CancellationToken cancellationToken) =>
        throw new VaultException(VaultFault.Unavailable, vault.Name, "It does not answer.", Remedy);

    private static ProtectedVM Machine(string name, string vault) => new()
    {
        Metadata = new() { Name = name, NamespaceProperty = "ns" },
        Spec = new()
        {
            SiteRef = new() { Name = "site" },
            Vm = new() { Name = name },
            PolicyRef = new() { Name = "policy" },
            VaultRef = new() { Name = vault },
        },
    };
}
