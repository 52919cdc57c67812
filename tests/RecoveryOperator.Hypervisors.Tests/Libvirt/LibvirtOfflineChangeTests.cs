using RecoveryOperator.Hypervisors.Tests.Conformance;

namespace RecoveryOperator.Hypervisors.Tests.Libvirt;

/// <summary>
/// A machine is stopped, its image is changed by another program, and it is started again (docs/engine.md, "A disk that was changed while its machine was off"): either
/// the next point has the change, or change tracking counts as lost, and all is compared.
/// </summary>
[Collection(LibvirtHost.Collection)]
public sealed class LibvirtOfflineChangeTests(LibvirtHost host)
{
    private const int Mebibyte = 1 << 20;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_write_by_QEMUs_tools_is_in_the_next_point(bool startsAgain)
    {
        await using var machine = await TestMachine.CreateAsync(host);
        await using var hypervisor = host.Open();
        var replicas = await CutAndStopAsync(hypervisor, machine);

        await host.ExecuteAsync($"qemu-io -f qcow2 -c 'write -q -P 7 {6 * Mebibyte} 64k' {Image(machine)}", Cancellation);
        machine.Contents[0].AsSpan(6 * Mebibyte, 64 << 10).Fill(7);

        await AssertNextPointAsync(hypervisor, machine, replicas, startsAgain);
    }

    [Fact]
    public async Task An_older_copy_that_is_put_back_brings_the_changes_that_it_needs()
    {
        await using var machine = await TestMachine.CreateAsync(host);
        await using var hypervisor = host.Open();
        var replicas = await CutAndStopAsync(hypervisor, machine);
        var older = machine.Contents[0].ToArray();
        await host.ExecuteAsync($"cp {Image(machine)} {Image(machine)}.old", Cancellation);
        await host.StartMachineAsync(machine.Id, Cancellation);
        await machine.WriteAsync(0, 9 * Mebibyte, 4096, 9);
        await host.StopMachineAsync(machine.Id, Cancellation);

        await host.ExecuteAsync($"cp {Image(machine)}.old {Image(machine)}", Cancellation);
        older.CopyTo(machine.Contents[0], 0);

        await AssertNextPointAsync(hypervisor, machine, replicas, startsAgain: true);
    }

    [Fact]
    public async Task A_copy_from_before_the_last_point_has_lost_tracking()
    {
        await using var machine = await TestMachine.CreateAsync(host);
        await using var hypervisor = host.Open();
        var replicas = await CutAndStopAsync(hypervisor, machine);
        await host.ExecuteAsync($"cp {Image(machine)} {Image(machine)}.old", Cancellation);
        await host.StartMachineAsync(machine.Id, Cancellation);
        await ChangeTrackingConformance.CutAsync(hypervisor, machine, "c1", "c2", replicas);
        await hypervisor.CommitCheckpointAsync(machine.Id, machine.Owner, new("c2"), Cancellation);
        await host.StopMachineAsync(machine.Id, Cancellation);

        await host.ExecuteAsync($"cp {Image(machine)}.old {Image(machine)}", Cancellation);

        await AssertLostAsync(hypervisor, machine, "c2");
    }

    [Theory]
    [InlineData("a program that converts", "qemu-img convert -f qcow2 -O qcow2 IMAGE IMAGE.new && cp IMAGE.new IMAGE")]
    [InlineData("a program without bitmaps", "printf '\\0' | dd of=IMAGE bs=1 seek=95 conv=notrunc status=none && qemu-io -f qcow2 -c 'write -q -P 7 6M 64k' IMAGE 2>/dev/null")]
    [InlineData("a program that was killed", "qemu-io -f qcow2 -c 'write -q -P 7 6M 64k' -c flush -c abort IMAGE 2>/dev/null || true")]
    public async Task A_change_that_no_bitmap_tells_of_has_lost_tracking(string who, string command)
    {
        await using var machine = await TestMachine.CreateAsync(host);
        await using var hypervisor = host.Open();
        await CutAndStopAsync(hypervisor, machine);

        await host.ExecuteAsync(command.Replace("IMAGE", Image(machine), StringComparison.Ordinal), Cancellation);

        TestContext.Current.TestOutputHelper?.WriteLine($"{who}: {await AssertLostAsync(hypervisor, machine, "c1")}");
    }

    private async Task<string> AssertLostAsync(IHypervisor hypervisor, TestMachine machine, string since)
    {
        await host.StartMachineAsync(machine.Id, Cancellation);
        var lost = await Assert.ThrowsAsync<ChangeTrackingLostException>(async () =>
        {
            await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(since, "next"), Cancellation);
        });
        await hypervisor.ReleaseAsync(machine.Id, machine.Owner, Cancellation);
        await ChangeTrackingConformance.CutFullAsync(hypervisor, machine, "again");
        return lost.Message;
    }

    private async Task AssertNextPointAsync(IHypervisor hypervisor, TestMachine machine, byte[][] replicas, bool startsAgain)
    {
        if (startsAgain)
        {
            await host.StartMachineAsync(machine.Id, Cancellation);
            await machine.WriteAsync(0, 11 * Mebibyte, 512, 11);
        }

        await ChangeTrackingConformance.CutAsync(hypervisor, machine, "c1", "next", replicas);
        Assert.Equal(machine.Contents[0].Length, machine.Contents[0].AsSpan().CommonPrefixLength(replicas[0]));
    }

    /// <summary>A replica as of c1; then the guest writes, and the machine is stopped.</summary>
    private async Task<byte[][]> CutAndStopAsync(IHypervisor hypervisor, TestMachine machine)
    {
        await machine.WriteAsync(0, 0, Mebibyte, 1);
        var replicas = await ChangeTrackingConformance.CutFullAsync(hypervisor, machine, "c1");
        await machine.WriteAsync(0, 3 * Mebibyte, 4096, 3);
        await host.StopMachineAsync(machine.Id, Cancellation);
        return replicas;
    }

    private string Image(TestMachine machine) => Path.Combine(host.StorageDirectory, $"{machine.Name}-0.qcow2");
}
