using RecoveryOperator.EndToEnd.Tests.Chaos;
using RecoveryOperator.EndToEnd.Tests.World;

namespace RecoveryOperator.EndToEnd.Tests;

/// <summary>SIGKILL at any moment delays the main job but never breaks it.</summary>
[Collection(ProductWorld.Collection)]
public sealed class ChaosTests
{
    private static readonly string[] Phases = ["Cut", "Ship", "Commit", "Apply", "Snapshot"];

    [Fact]
    public Task Kills_in_every_phase_delay_but_never_break_replication_and_failover() => ProductWorld.RunAsync("images", async world =>
    {
        await world.ProtectAsync();
        var baseSegments = await world.Vault.BaseSegmentsAsync();
        ChaosMonkey monkey = new(world);
        try
        {
            await monkey.HarassReplicationAsync(KillTarget.Replication, atLeast: 16, atMost: 60);
            await world.LoseHostAAsync();
            var harassed = monkey.HarassFailoverAsync(killAgents: true);
            await world.ApplyAsync("03-failover");
            await harassed;
            await RecoveryProof.GuestIsWholeAsync(world);
        }
        finally
        {
            TestContext.Current.TestOutputHelper?.WriteLine(monkey.Table());
        }

        Assert.True(monkey.Kills.Count >= 20, $"only {monkey.Kills.Count} kills:\n{monkey.Table()}");
        Assert.All(Phases, phase => Assert.Contains(monkey.Kills, kill => kill.Phase == phase));
        Assert.Contains(monkey.Kills, kill => kill.Part == "agent-b");
        await RecoveryProof.HappenedOnceAsync(world, baseSegments, "site-a-lost");
        await RecoveryProof.PointsGrowAsync(world);
    });

    [Fact]
    public Task Kills_under_libvirt_delay_but_never_break_replication_and_failover() => ProductWorld.RunAsync("libvirt", async world =>
    {
        await world.ProtectAsync();
        var baseSegments = await world.Vault.BaseSegmentsAsync();
        ChaosMonkey monkey = new(world);
        try
        {
            await monkey.HarassReplicationAsync([.. KillTarget.Replication.Where(target => target.Phase is "Cut" or "Apply")], atLeast: 2, atMost: 12);
            await world.LoseHostAAsync();
            var harassed = monkey.HarassFailoverAsync(killAgents: false);
            await world.ApplyAsync("03-failover");
            await harassed;
            await RecoveryProof.GuestIsWholeAsync(world);
        }
        finally
        {
            TestContext.Current.TestOutputHelper?.WriteLine(monkey.Table());
        }

        Assert.Contains(monkey.Kills, kill => kill.Phase == "Cut");
        Assert.Contains(monkey.Kills, kill => kill.Phase == "Apply");
        Assert.Contains(monkey.Kills, kill => kill.Phase.StartsWith("Failover", StringComparison.Ordinal));
        await RecoveryProof.HappenedOnceAsync(world, baseSegments, "site-a-lost");
    });
}
