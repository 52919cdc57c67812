using RecoveryOperator.Hypervisors;
using RecoveryOperator.Hypervisors.Tests.Conformance;
using RecoveryOperator.Hypervisors.Tests.Libvirt;
using RecoveryOperator.Testing.Storage;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Tests.Integration;

/// <summary>Real QEMU machines, Azurite and the real applier: whatever breaks, the newest point equals the source, older ones stay, and only what differs travels.</summary>
public sealed class ResyncOnLibvirtTests(LibvirtHost host) : IClassFixture<LibvirtHost>
{
    private const int Block = 65536;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bitmap deleted")]
    [InlineData("qemu killed")]
    [InlineData("state lost")]
    [InlineData("set damaged")]
    [InlineData("disk attached")]
    [InlineData("disk grown")]
    public async Task P5_P7_P10_After_a_resynchronization_the_newest_point_equals_the_source(string cause)
    {
        host.Require();
        await using Azurite azurite = await Azurite.StartAsync(Token);
        await using TestMachine machine = await TestMachine.CreateAsync(host, disks: 2);
        await using RealBench bench = new(azurite, host.Open(), machine.Name);
        await bench.StartAsync();
        await machine.WriteAsync(0, 0, 6 << 20, 0x11);
        await machine.WriteAsync(1, 3 * Block, 5 * Block, 0x12);
        await bench.ReplicateAsync();
        Dictionary<string, byte[]> first = Truth(machine);
        await bench.AssertHoldsAsync(1, first);

        // One block of each disk differs from the replica when it is compared.
        await machine.WriteAsync(0, 10 * Block, Block, 0x21);
        await machine.WriteAsync(1, 4 * Block, 4096, 0x22);
        Dictionary<string, byte[]> truth = await BreakAsync(cause, machine, bench);
        SetManifest set = await bench.ResynchronizeAsync();

        await bench.AssertHoldsAsync(set.Sequence, truth);
        await bench.AssertHoldsAsync(1, first);
        Assert.Equal(Completes.Resync, set.Completes);
        Assert.Equal(cause == "disk attached" ? 5 * Block : 2 * Block, await bench.RecordedBytesAsync(set));

        await machine.WriteAsync(0, 20 * Block, Block, 0x31);
        truth["vda"].AsSpan(20 * Block, Block).Fill(0x31);
        await bench.ReplicateAsync();
        await bench.AssertHoldsAsync(set.Sequence + 1, truth);
    }

    [Fact]
    public async Task A_detached_disk_is_missing_from_the_next_point_and_the_other_keeps_its_index()
    {
        host.Require();
        await using Azurite azurite = await Azurite.StartAsync(Token);
        await using TestMachine machine = await TestMachine.CreateAsync(host, disks: 2);
        await using RealBench bench = new(azurite, host.Open(), machine.Name);
        await bench.StartAsync();
        await machine.WriteAsync(0, 0, Block, 0x11);
        await machine.WriteAsync(1, 0, Block, 0x12);
        await bench.ReplicateAsync();
        await host.StopMachineAsync(machine.Id, Token);
        await host.VirshAsync(Token, "detach-disk", machine.Id, "vda", "--config");
        await host.StartMachineAsync(machine.Id, Token);

        await bench.ReplicateAsync();

        RecoveryPointDocument point = await bench.PointAsync(2);
        Assert.Equal((1, "vdb"), (Assert.Single(point.Disks).Index, point.Disks[0].Target));
        await bench.AssertHoldsAsync(2, new Dictionary<string, byte[]> { ["vdb"] = machine.Contents[1] });
    }

    private static Dictionary<string, byte[]> Truth(TestMachine machine) =>
        machine.Contents.Index().ToDictionary(disk => $"vd{(char)('a' + disk.Index)}", disk => (byte[])disk.Item.Clone());

    /// <returns>What the disks hold then.</returns>
    private async Task<Dictionary<string, byte[]>> BreakAsync(string cause, TestMachine machine, RealBench bench)
    {
        Dictionary<string, byte[]> truth = Truth(machine);
        switch (cause)
        {
            case "bitmap deleted":
                await host.StopMachineAsync(machine.Id, Token);
                string image = Path.Combine(host.StorageDirectory, $"{machine.Name}-0.qcow2");
                foreach (string bitmap in await BitmapsAsync(image))
                    await LibvirtHost.RunAsync("qemu-img", ["bitmap", "--remove", image, bitmap], Token);
                await host.StartMachineAsync(machine.Id, Token);
                break;
            case "qemu killed":
                await host.StopMachineAsync(machine.Id, Token);
                await host.StartMachineAsync(machine.Id, Token);
                await host.ExecuteAsync($"kill -9 $(cat /run/libvirt/qemu/{machine.Name}.pid)", Token);
                while ((await host.VirshAsync(Token, "domstate", machine.Id)).Trim() != "shut off")
                    await Task.Yield();
                await host.StartMachineAsync(machine.Id, Token);
                break;
            case "state lost":
                await using (IHypervisor hypervisor = host.Open())
                    await hypervisor.ReleaseAsync(machine.Id, bench.Id.ToString(), Token);
                bench.Restart(losesState: true);
                break;
            case "set damaged":
                Assert.Null(await bench.RunAsync());
                await bench.DamageAsync((await bench.Vault.ReadSetAsync(1, 2, Token))!.Manifest);
                await bench.ApplyAsync();
                bench.Restart();
                break;
            case "disk attached":
                string extra = Path.Combine(host.StorageDirectory, $"{machine.Name}-2.qcow2");
                await LibvirtHost.RunAsync("qemu-img", ["create", "-q", "-f", "qcow2", extra, "1M"], Token);
                await LibvirtHost.RunAsync("qemu-io", ["-c", $"write -q -P 51 {Block} {3 * Block}", extra], Token);
                await host.StopMachineAsync(machine.Id, Token);
                await host.VirshAsync(Token, "attach-disk", machine.Id, extra, "vdc", "--driver", "qemu", "--subdriver", "qcow2", "--targetbus", "virtio", "--config");
                await host.StartMachineAsync(machine.Id, Token);
                truth["vdc"] = new byte[1 << 20];
                truth["vdc"].AsSpan(Block, 3 * Block).Fill(51);
                break;
            default:
                await host.VirshAsync(Token, "blockresize", machine.Id, "vda", "20M");
                byte[] grown = new byte[20 << 20];
                truth["vda"].CopyTo(grown, 0);
                truth["vda"] = grown;
                break;
        }

        return truth;
    }

    private static async Task<IReadOnlyList<string>> BitmapsAsync(string image)
    {
        using System.Text.Json.JsonDocument info = System.Text.Json.JsonDocument.Parse(await LibvirtHost.RunAsync("qemu-img", ["info", "--output=json", image], Token));
        return info.RootElement.GetProperty("format-specific").GetProperty("data").TryGetProperty("bitmaps", out System.Text.Json.JsonElement bitmaps)
            ? [.. bitmaps.EnumerateArray().Select(bitmap => bitmap.GetProperty("name").GetString()!)]
            : [];
    }
}
