using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Api.NetworkMaps;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;
using Agent = RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.Charts;

public class ChartRightsTests(Cluster cluster)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>All that an operator does with objects, from the lease to the last finalizer, as the account that the chart makes. Nothing may be refused.</summary>
    [Fact]
    public async Task The_operator_works_with_the_rights_that_the_chart_gives_and_is_refused_nothing()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Token);
        await world.StopOperatorAsync();
        world.OperatorKubeconfig = await ChartTests.ServiceAccountAsync(cluster, world.Namespace);
        await world.StartOperatorAsync("cluster-1", Token);

        await world.ProtectAsync("vm", Token);
        await world.CreateAsync(new RecoveryPlan { Spec = new() { Groups = [new() { Name = "all", Vms = [new() { Name = "vm" }] }] } }, "plan", Token);
        await world.CreateAsync(new NetworkMap { Spec = new() { SourceSiteRef = new() { Name = "site" }, TargetSiteRef = new() { Name = "other" }, Mappings = [new() { Source = "lan", Target = new() { Network = "lan" } }] } }, "map", Token);
        await world.CreateAsync(new RecoveryHost { Spec = new() { SiteRef = new() { Name = "site" }, Address = "https://127.0.0.1:1" } }, "second", Token);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Token)).ProtectionId!;
        world.Agent.Report(id, s => (s.Phase, s.CommittedSequence) = (Agent.ProtectionPhase.Replicating, 1));
        await world.Replicas.ApplyAsync(id, 1, DateTimeOffset.UtcNow, Token);
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Protected, Token);
        await Eventually.HoldsAsync(async () => (await JobsAsync(world)).Any(j => j.Status?.State == RecoveryJobState.Succeeded), Token);
        await Eventually.HoldsAsync(async () => (await world.Client.GetAsync<RecoveryPlan>(new(world.Namespace, "plan"), Token))!.Status is { Phase: PlanPhase.Ready }, Token);
        await Eventually.HoldsAsync(async () => (await world.Client.GetAsync<NetworkMap>(new(world.Namespace, "map"), Token))!.Status is not null, Token);
        await Eventually.HoldsAsync(async () => (await world.EventsAsync("vm", Token)).Any(e => e.Reason == "Protected"), Token);

        // A job of which none stays: clean-up deletes it.
        var job = (await JobsAsync(world))[0];
        await world.Client.MergePatchAsync<RecoveryJob>(new(world.Namespace, job.Metadata.Name), """{"spec":{"ttlSecondsAfterFinished":0}}""", null, Token);
        await Eventually.HoldsAsync(async () => (await JobsAsync(world)).Count == 0, Token);
        await world.Client.DeleteAsync<ProtectedVM>(new(world.Namespace, "vm"), Token);
        await world.Client.DeleteAsync<RecoveryHost>(new(world.Namespace, "second"), Token);
        await Eventually.HoldsAsync(async () => await world.ReadAsync("vm", Token) is null && await world.Client.GetAsync<RecoveryHost>(new(world.Namespace, "second"), Token) is null, Token);

        Assert.DoesNotContain(world.Logs, line => line.Contains("forbidden", StringComparison.OrdinalIgnoreCase));
    }

    private static async Task<IReadOnlyList<RecoveryJob>> JobsAsync(TestWorld world) => (await world.Client.ListAsync<RecoveryJob>(new(world.Namespace), 0, null, Token)).Items;
}
