using RecoveryOperator.EndToEnd.Tests.World;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.EndToEnd.Tests;

/// <summary>
/// P1 on a real guest: it writes record n to its first disk, flushes, then to its second, and flushes. Whatever the moment of a recovery point, it holds a
/// prefix of that order over both disks.
/// </summary>
[Collection(ProductWorld.Collection)]
public sealed class CrashConsistencyTests
{
    private const int Points = 8;

    [Fact]
    public Task P1_Every_recovery_point_of_a_real_guest_holds_a_prefix_of_its_ordered_writes() => ProductWorld.RunAsync("libvirt", async world =>
    {
        await world.ProtectAsync();
        await world.Cluster.RunAsync("patch", "rpol/gold", "--type", "merge", "-p", """{"spec":{"appConsistentInterval":"30s"}}""");
        for (var point = 0; point < Points; point++)
        {
            await world.MakePointAsync();
            if (point == Points / 2)
            {
                await world.KillAsync("agent-a");
                await world.StartAsync("agent-a");
            }
        }

        await Until.HoldsAsync(
            90,
            "a point is app-consistent",
            async () => (await world.Vault.PointsAsync()).Any(point => point.Consistency == Consistency.AppConsistent),
            world.CancellationToken);

        var points = await world.Vault.PointsAsync();
        Assert.True(points.Count > Points, $"only {points.Count} points");
        await RecoveryProof.PointsGrowAsync(world);
        var beat = world.Console("a").LastBeat;
        await Until.HoldsAsync(20, "the guest writes on", () => Task.FromResult(world.Console("a").LastBeat > beat + 10), world.CancellationToken);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{points.Count} points hold prefixes; {points.Count(point => point.Consistency == Consistency.AppConsistent)} of them app-consistent");
    });
}
