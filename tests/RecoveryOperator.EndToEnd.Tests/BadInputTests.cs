using RecoveryOperator.EndToEnd.Tests.World;

namespace RecoveryOperator.EndToEnd.Tests;

/// <summary>Bad input that only real parts can show.</summary>
[Collection(ProductWorld.Collection)]
public sealed class BadInputTests
{
    [Theory]
    [InlineData("images")]
    [InlineData("libvirt")]
    public Task A_target_without_the_network_blocks_the_failover_before_the_source_is_fenced(string hypervisor) => ProductWorld.RunAsync(hypervisor, async world =>
    {
        await TakeNetworkAsync(world);
        await world.ProtectAsync();
        await world.MakePointAsync();
        await world.ApplyAsync("03-failover");
        await Until.HoldsAsync(
            60, "the plan is stalled",
            async () => (await world.Cluster.ConditionsAsync("rplan/shop")).Contains("Stalled=True OperationBlocked", StringComparison.Ordinal), world.CancellationToken);
        var stalled = (await world.Cluster.ConditionsAsync("rplan/shop")).Split('\n').Single(line => line.StartsWith("Stalled=", StringComparison.Ordinal));
        Assert.Contains("host-b", stalled, StringComparison.Ordinal);
        Assert.Contains("default", stalled, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine(stalled);

        // The source is not fenced: it goes on in its epoch.
        await world.MakePointAsync();
        Assert.Equal(1, (await world.Vault.JournalAsync()).Epoch);
        Assert.DoesNotContain(await world.Vault.SetsAsync(), set => set.SealedBy is not null);
        Assert.Null(world.Console("b").Recovered);

        await GiveNetworkAsync(world);
        await world.LoseHostAAsync();
        await RecoveryProof.GuestIsWholeAsync(world);
    });

    [Fact]
    public Task A_raw_disk_on_libvirt_is_refused_with_the_remedy() => ProductWorld.RunAsync("libvirt", async world =>
    {
        var storage = Path.Combine(world.Folder, "host-a", "storage");
        await Shell.RunAsync("qemu-img", ["create", "-q", "-f", "raw", Path.Combine(storage, "web-1.raw"), "16M"], world.CancellationToken);
        var definition = Path.Combine(storage, "web-1.xml");
        await File.WriteAllTextAsync(definition, $"""
            <domain type='qemu'>
              <name>web-1</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
              <os><type arch='x86_64' machine='pc'>hvm</type></os>
              <devices>
                <disk type='file' device='disk'>
                  <driver name='qemu' type='raw'/><source file='{storage}/web-1.raw'/><target dev='vda' bus='virtio'/>
                </disk>
              </devices>
            </domain>
            """, world.CancellationToken);
        await world.OnHostAsync("a", "virsh", "-q", "-c", "qemu:///system", "define", definition);
        await world.ApplyAsync("01-sites");
        await world.ApplyAsync("02-protection");
        await Until.HoldsAsync(
            60, "web-1 is stalled",
            async () => (await world.Cluster.ConditionsAsync("pvm/web-1")).Contains("Stalled=True", StringComparison.Ordinal), world.CancellationToken);
        var conditions = await world.Cluster.ConditionsAsync("pvm/web-1");
        TestContext.Current.TestOutputHelper?.WriteLine(conditions);
        Assert.Contains("UnsupportedDisk", conditions, StringComparison.Ordinal);
        Assert.Contains("qemu-img convert", conditions, StringComparison.Ordinal);
        Assert.Equal("Enabling", await world.Cluster.PhaseAsync("pvm/web-1"));
    });

    private static Task TakeNetworkAsync(ProductWorld world) => world.Hypervisor == "libvirt"
        ? world.OnHostAsync("b", "virsh", "-q", "-c", "qemu:///system", "net-destroy", "default")
        : File.WriteAllTextAsync(Networks(world), """["storage"]""", world.CancellationToken);

    private static Task GiveNetworkAsync(ProductWorld world) => world.Hypervisor == "libvirt"
        ? world.OnHostAsync("b", "virsh", "-q", "-c", "qemu:///system", "net-start", "default")
        : File.WriteAllTextAsync(Networks(world), """["storage", "default"]""", world.CancellationToken);

    private static string Networks(ProductWorld world) => Path.Combine(world.Folder, "host-b", "images", "networks.json");
}
