using RecoveryOperator.EndToEnd.Tests.World;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.EndToEnd.Tests;

/// <summary>A rehearsal beside production: the guest on host A goes on, and nothing is left of the copy on host B.</summary>
[Collection(ProductWorld.Collection)]
public sealed class TestFailoverTests
{
    [Theory]
    [InlineData("images")]
    [InlineData("libvirt")]
    public Task A_test_failover_runs_beside_replication_and_its_cleanup_leaves_nothing(string hypervisor) => ProductWorld.RunAsync(hypervisor, async world =>
    {
        await world.ProtectAsync();
        await world.MakePointAsync();
        var before = await FilesOnHostBAsync(world);

        await AskAsync(world, "drill-1", "TestFailover");
        await EndedAsync(world, "drill-1", 240);
        var test = Assert.Single((await world.Vault.JournalAsync()).Tests);
        Assert.StartsWith("web-1-test-drill-1-", test.MachineName, StringComparison.Ordinal);
        await Until.HoldsAsync(180, "the copy is up on host B", () => Task.FromResult(ConsoleOf(world, test).Recovered is not null), world.CancellationToken);
        var found = ConsoleOf(world, test).Recovered!;
        Assert.Equal(0, found.Holes);
        Assert.InRange(found.First - found.Second, 0, 1);

        // Production goes on beside it: written, shipped, applied, in its epoch.
        await world.MakePointAsync();
        await world.MakePointAsync();
        Assert.Equal("Protected", await world.Cluster.PhaseAsync("pvm/web-1"));
        Assert.Equal(1, (await world.Vault.JournalAsync()).Epoch);
        Assert.DoesNotContain(await world.Vault.SetsAsync(), set => set.Kind == SetKind.Seal);
        TestContext.Current.TestOutputHelper?.WriteLine(await StatusAsync(world, "{.status.currentOperation.message}"));

        await AskAsync(world, "drill-1-end", "CleanupTestFailover");
        await EndedAsync(world, "drill-1-end", 60);
        Assert.Empty((await world.Vault.JournalAsync()).Tests);
        Assert.Equal(before, await FilesOnHostBAsync(world));
        await Until.HoldsAsync(30, "the test is a success", async () => await StatusAsync(world, "{.status.lastSuccessfulTest.id}") == "drill-1", world.CancellationToken);

        // And the worst day is as it ever was.
        await world.MakePointAsync();
        await world.ApplyAsync("03-failover");
        await world.LoseHostAAsync();
        await RecoveryProof.GuestIsWholeAsync(world);
    });

    private static GuestConsole ConsoleOf(ProductWorld world, TestFailoverRecord test) => new(world.Hypervisor == "libvirt"
        ? Path.Combine(world.Folder, "host-b", "console", $"{test.MachineName}.log")
        : Path.Combine(world.Folder, "host-b", "images", test.MachineName, "console.log"));

    /// <summary>Machines, their disks and drafts on host B; locks of the Images driver are empty files that stay.</summary>
    private static async Task<string> FilesOnHostBAsync(ProductWorld world)
    {
        if (world.Hypervisor != "libvirt")
            return string.Join('\n', Directory.GetDirectories(Path.Combine(world.Folder, "host-b", "images")).Order(StringComparer.Ordinal));
        var machines = await world.OnHostAsync("b", "virsh", "-q", "-c", "qemu:///system", "list", "--all", "--name");
        return $"{machines.Trim()}\n{string.Join('\n', Directory.GetFiles(Path.Combine(world.Folder, "host-b", "storage"), "ro-*"))}";
    }

    private static Task<string> AskAsync(ProductWorld world, string id, string type) =>
        world.Cluster.RunAsync("patch", "rplan", "shop", "--type", "merge", "-p", $"{{\"spec\":{{\"operation\":{{\"id\":\"{id}\",\"type\":\"{type}\"}}}}}}");

    private static Task EndedAsync(ProductWorld world, string id, int seconds) => Until.HoldsAsync(
        seconds, $"{id} has succeeded", async () => await StatusAsync(world, "{.status.currentOperation.id} {.status.currentOperation.state}") == $"{id} Succeeded", world.CancellationToken);

    private static async Task<string> StatusAsync(ProductWorld world, string path) =>
        (await world.Cluster.RunAsync("get", "rplan", "shop", "-o", $"jsonpath={path}")).Trim();
}
