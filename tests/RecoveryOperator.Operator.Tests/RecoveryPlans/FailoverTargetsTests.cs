using k8s.Models;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans;

public sealed class FailoverTargetsTests
{
    private readonly FakeReader<RecoveryHost> _hosts = new();

    [Theory]
    [InlineData(null, null, "roomy")]
    [InlineData(null, "small", "small")]
    [InlineData("site-c", null, "elsewhere")]
    public void The_host_is_the_one_named_or_the_roomiest_that_is_connected(string? planSite, string? wanted, string expected)
    {
        Add("small", "site-b", true, 1);
        Add("roomy", "site-b", true, 2);
        Add("away", "site-b", false, 3);
        Add("elsewhere", "site-c", true, 4);

        Assert.Equal(expected, Choose(planSite, "site-b", wanted).Host?.Name);
    }

    [Theory]
    [InlineData(null, null, "has no target")]
    [InlineData("site-x", null, "has no RecoveryHost")]
    [InlineData("site-b", "other", "RecoveryHost other")]
    [InlineData("site-b", null, "No host of site site-b is connected (away)")]
    public void Without_a_host_the_obstacle_says_what_to_do(string? site, string? wanted, string obstacle)
    {
        Add("away", "site-b", false, 3);

        Assert.Contains(obstacle, Choose(null, site, wanted).Obstacle!, StringComparison.Ordinal);
    }

    private TargetChoice Choose(string? planSite, string? site, string? wanted)
    {
        var plan = Examples.Plan("web");
        if (planSite is not null)
            plan.Spec = plan.Spec with { TargetSiteRef = new LocalRef { Name = planSite } };
        return new FailoverTargets(_hosts).Choose(plan, new ProtectedVM
        {
            Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = "ns" },
            Spec = new ProtectedVMSpec
            {
                SiteRef = new LocalRef { Name = "site-a" },
                Vm = new MachineSelector { Name = "web" },
                PolicyRef = new LocalRef { Name = "policy" },
                VaultRef = new LocalRef { Name = "vault" },
                Target = site is null ? null : new RecoveryTargetSpec
                {
                    SiteRef = new LocalRef { Name = site },
                    HostRef = wanted is null ? null : new LocalRef { Name = wanted },
                },
            },
        });
    }

    private void Add(string name, string site, bool connected, long free) => _hosts.Items.Add(new RecoveryHost
    {
        Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "ns" },
        Spec = new RecoveryHostSpec { SiteRef = new LocalRef { Name = site }, Address = "https://h:1" },
        Status = new RecoveryHostStatus { Connected = connected, FreeStorageBytes = free },
    });
}
