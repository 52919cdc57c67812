using System.Diagnostics;
using System.Globalization;
using RecoveryOperator.EndToEnd.Tests.World;

namespace RecoveryOperator.EndToEnd.Tests;

/// <summary>A machine that writes nothing costs nothing but its manifests.</summary>
[Collection(ProductWorld.Collection)]
public sealed class IdleTests
{
    private const int Cycles = 4;

    [Theory]
    [InlineData("images")]
    [InlineData("libvirt")]
    public Task An_idle_machine_costs_no_disk_read(string hypervisor) => ProductWorld.RunAsync(hypervisor, async world =>
    {
        await world.ProtectAsync();
        await StopWritesAsync(world);
        // The first sets still carry what was written before.
        await world.MakePointAsync();
        await world.MakePointAsync();

        var readBytes = await world.MetricAsync("recovery_read_bytes_total");
        var shippedBytes = await world.MetricAsync("recovery_shipped_bytes_total");
        var committed = await world.Vault.CommittedSequenceAsync();
        for (var cycle = 0; cycle < Cycles; cycle++)
            await world.MakePointAsync();

        Assert.True(await world.Vault.CommittedSequenceAsync() >= committed + Cycles);
        Assert.True(readBytes > 0, "the agent counts what it reads");
        Assert.Equal(readBytes, await world.MetricAsync("recovery_read_bytes_total"));
        Assert.Equal(shippedBytes, await world.MetricAsync("recovery_shipped_bytes_total"));
    });

    private static async Task StopWritesAsync(ProductWorld world)
    {
        if (world.Hypervisor == "libvirt")
        {
            await world.OnHostAsync("a", "virsh", "-q", "-c", "qemu:///system", "suspend", "web-1");
            return;
        }

        var identity = await File.ReadAllLinesAsync(Path.Combine(world.Folder, "host-a", "images", "web-1", "guest.pid"), world.CancellationToken);
        using var guest = Process.GetProcessById(int.Parse(identity[0], CultureInfo.InvariantCulture));
        guest.Kill();
        await guest.WaitForExitAsync(world.CancellationToken);
    }
}
