using k8s.Models;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;
using Agent = RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.Agents;

public class ReconnectTests(Cluster cluster, ITestOutputHelper output)
{
    private const int Rounds = 8;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The agent goes and comes, and every watch breaks, again and again. Nothing may pile up: the last rounds write what the first ones wrote. Reads are not compared: how many there are in a round depends on how long the machine takes for it.</summary>
    [Fact]
    public async Task Reconnects_write_the_same_in_each_round_and_leave_no_objects_behind()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Token);
        await world.StopOperatorAsync();
        using var faults = world.OperatorFaults = new FaultHandler();
        await world.StartOperatorAsync("cluster-1", Token);
        await world.ProtectAsync("vm", Token);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Token)).ProtectionId!;
        world.Agent.Report(id, s => (s.Phase, s.CommittedSequence) = (Agent.ProtectionPhase.Replicating, 1));
        await world.Replicas.ApplyAsync(id, 1, DateTimeOffset.UtcNow, Token);
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Protected, Token);
        await RoundAsync(world, faults);

        var first = await RoundsAsync(world, faults);
        var second = await RoundsAsync(world, faults);

        output.WriteLine($"{first}; {second}");
        Assert.InRange(second.Patches, 0, first.Patches + Rounds);
        Assert.Equal(first.Objects, second.Objects);
        Assert.Single(world.Agent.Puts);
    }

    private static async Task<Cost> RoundsAsync(TestWorld world, FaultHandler faults)
    {
        var patches = faults.Patches;
        for (var round = 0; round < Rounds; round++)
            await RoundAsync(world, faults);
        var objects = (await world.Client.ListAsync<Corev1Event>(new(world.Namespace), 0, null, Token)).Items.Count
            + (await world.Client.ListAsync<RecoveryJob>(new(world.Namespace), 0, null, Token)).Items.Count
            + (await world.Client.ListAsync<V1Secret>(new(world.Namespace), 0, null, Token)).Items.Count;
        return new(faults.Patches - patches, objects);
    }

    private static async Task RoundAsync(TestWorld world, FaultHandler faults)
    {
        await world.Agent.StopAsync();
        await Eventually.HoldsAsync(() => ConnectedAsync(world, false), Token);
        faults.BreakWatches();
        await world.Agent.StartAsync(Token);
        await Eventually.HoldsAsync(() => ConnectedAsync(world, true), Token);
        await world.WaitAsync("vm", s => s.Conditions.Any(c => c is { Type: "Ready", Status: "True" }), Token);
    }

    private static async Task<bool> ConnectedAsync(TestWorld world, bool wanted) =>
        (await world.Client.GetAsync<RecoveryHost>(new(world.Namespace, "host"), Token))?.Status?.Connected == true == wanted;

    private sealed record Cost(long Patches, int Objects);
}
