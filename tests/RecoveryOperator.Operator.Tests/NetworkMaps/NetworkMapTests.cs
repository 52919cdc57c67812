using RecoveryOperator.Api.NetworkMaps;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Operator.Tests.NetworkMaps;

/// <summary>A map is compared with what the hosts of its sites tell, and a protection with the map.</summary>
public class NetworkMapTests(Cluster cluster)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_map_becomes_ready_counts_what_it_leaves_out_and_is_what_a_protections_networks_are_looked_up_in()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel, Furnish);
        await world.ProtectAsync("vm", Cancel, s => s with { Target = new() { SiteRef = new() { Name = "site" } } });
        await world.WaitAsync("vm", s => Reason(s, "NetworksMapped") == "SameNames", Cancel);

        await world.CreateAsync(Map(("dmz", "dmz")), "map", Cancel);
        await world.WaitAsync("vm", s => Reason(s, "NetworksMapped") == "NetworkNotMapped", Cancel);
        await Eventually.HoldsAsync(async () => (await ReadAsync(world))?.Status is { Mapped: 1, Unmapped: 2, UnmappedNetworks: ["backup", "lan"] }, Cancel);

        await world.Client.MergePatchAsync<NetworkMap>(
            new(world.Namespace, "map"), """{"spec":{"mappings":[{"source":"lan","target":{"network":"dmz"}},{"source":"dmz","target":{"network":"dmz"}}]}}""", null, Cancel);
        await world.WaitAsync("vm", s => Reason(s, "NetworksMapped") == "Mapped", Cancel);
        await Eventually.HoldsAsync(
            async () => (await ReadAsync(world))?.Status is { Mapped: 2, Unmapped: 1 } status && status.Conditions.Any(c => c is { Type: "Ready", Status: "True" }), Cancel);
    }

    [Fact]
    public async Task Of_two_maps_of_a_pair_the_older_counts_and_the_other_takes_over_when_it_is_gone()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel, Furnish);
        await world.CreateAsync(Map(("lan", "lan")), "a-map", Cancel);
        await world.CreateAsync(Map(("dmz", "dmz")), "map", Cancel);
        await Eventually.HoldsAsync(async () => (await ReadAsync(world))?.Status?.Conditions.Any(c => c is { Type: "Stalled", Status: "True", Reason: "PairMapped" }) == true, Cancel);

        await world.Client.DeleteAsync<NetworkMap>(new(world.Namespace, "a-map"), Cancel);
        await Eventually.HoldsAsync(async () => (await ReadAsync(world))?.Status?.Conditions.Any(c => c is { Type: "Ready", Status: "True" }) == true, Cancel);
    }

    private static void Furnish(TestWorld world)
    {
        world.Agent.Description.Networks.AddRange(["lan", "dmz", "backup"]);
        world.Agent.Description.Machines.Single().Nics.Add(new NicInfo { Mac = "52:54:00:00:00:01", Network = "lan" });
    }

    private static NetworkMap Map(params (string Source, string Target)[] mappings) => new()
    {
        Spec = new()
        {
            SourceSiteRef = new() { Name = "site" },
            TargetSiteRef = new() { Name = "site" },
            Mappings = [.. mappings.Select(m => new NetworkMapping { Source = m.Source, Target = new() { Network = m.Target } })],
        },
    };

    private static Task<NetworkMap?> ReadAsync(TestWorld world) => world.Client.GetAsync<NetworkMap>(new(world.Namespace, "map"), Cancel);

    private static string? Reason(ProtectedVMStatus status, string type) => status.Conditions.FirstOrDefault(c => c.Type == type)?.Reason;
}
