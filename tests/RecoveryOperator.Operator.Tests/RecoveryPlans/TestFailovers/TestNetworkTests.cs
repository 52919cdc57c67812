using k8s.Models;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.NetworkMaps;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans.TestFailovers;

public sealed class TestNetworkTests(PlanAzurite fixture)
{
    [Theory]
    [InlineData("lab", null, "lab")]
    [InlineData("lab", "lan-test", "lan-test")]
    [InlineData(null, null, "")]
    [InlineData("lan-b", null, "")] // A production network: the map is not valid, so nothing is connected.
    [InlineData("lan", null, "")] // A failover without a map connects to a network of this name.
    public async Task A_test_machine_is_on_the_maps_test_network_or_on_none(string? testNetwork, string? ofMapping, string expected)
    {
        var bed = await PlanBed.StartAsync(fixture.Azurite, new Faults(), "db");
        bed.Maps.Items.Add(new NetworkMap
        {
            Metadata = new V1ObjectMeta { Name = "a-to-b", NamespaceProperty = bed.Plan.Metadata.NamespaceProperty },
            Spec = new NetworkMapSpec
            {
                SourceSiteRef = new LocalRef { Name = "site-a" },
                TargetSiteRef = new LocalRef { Name = "site-b" },
                Mappings = [new NetworkMapping { Source = "lan", Target = new NetworkPlace { Network = "lan-b" }, Test = PlaceOf(ofMapping) }],
                TestNetwork = PlaceOf(testNetwork),
            },
        });

        await bed.TestAsync();

        Assert.Equal(expected, Assert.Single(Assert.Single(bed.Agents.Tests).Made.Networks));
        Assert.Equal(expected.Length == 0, bed.Plan.Status!.CurrentOperation!.Message!.Contains("not connected", StringComparison.Ordinal));
    }

    private static NetworkPlace? PlaceOf(string? network) => network is null ? null : new NetworkPlace { Network = network };
}
