using RecoveryOperator.Hypervisors.Tests.Conformance;

namespace RecoveryOperator.Hypervisors.Tests.Libvirt;

/// <summary>What can go wrong on a libvirt host, and what the driver makes of it.</summary>
[Collection(LibvirtHost.Collection)]
public sealed class LibvirtFaultTests(LibvirtHost host)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_killed_QEMU_loses_change_tracking_and_a_full_pass_begins_it_anew(bool bitmapWasStored)
    {
        await using var machine = await TestMachine.CreateAsync(host, disks: 2);
        await using var hypervisor = host.Open();
        await ChangeTrackingConformance.CutFullAsync(hypervisor, machine, "c1");
        if (bitmapWasStored)
        {
            // A bitmap that QEMU loaded and did not store again is broken; one that it never stored is missing.
            await host.StopMachineAsync(machine.Id, Cancellation);
            await host.StartMachineAsync(machine.Id, Cancellation);
        }

        await host.ExecuteAsync($"kill -9 $(cat /run/libvirt/qemu/{machine.Name}.pid)", Cancellation);
        await WaitForOffAsync(machine);
        await host.StartMachineAsync(machine.Id, Cancellation);

        await Assert.ThrowsAsync<ChangeTrackingLostException>(() => hypervisor.BeginSnapshotAsync(machine.Id, machine.Request("c1", "c2"), Cancellation));
        Assert.Equal("no", await JobAsync(machine));

        var replicas = await ChangeTrackingConformance.CutFullAsync(hypervisor, machine, "c3");
        await hypervisor.CommitCheckpointAsync(machine.Id, machine.Owner, new("c3"), Cancellation);
        Assert.Equal(["c3"], (await hypervisor.ListCheckpointsAsync(machine.Id, machine.Owner, Cancellation)).Select(id => id.Value));
        await machine.WriteAsync(1, 1 << 20, 4096, 0x17);
        var changed = await ChangeTrackingConformance.CutAsync(hypervisor, machine, "c3", "c4", replicas);
        Assert.Empty(changed[0]);
        ChangeTrackingConformance.AssertEqual(machine, replicas);
    }

    [Fact]
    public async Task A_backup_job_of_other_software_is_waited_for_and_never_ended()
    {
        await using var machine = await TestMachine.CreateAsync(host);
        await using var hypervisor = host.Open();
        await host.VirshAsync(Cancellation, "backup-begin", machine.Id, await ForeignJobAsync());

        var refusal = await Assert.ThrowsAnyAsync<HypervisorException>(() => hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(null, "c1"), Cancellation));
        Assert.Equal(HypervisorFault.Transient, refusal.Fault);
        Assert.Empty(await hypervisor.ListCheckpointsAsync(machine.Id, machine.Owner, Cancellation));
        Assert.Equal(new LeftoverReport(0, 0, false), await hypervisor.CleanUpAsync(machine.Id, machine.Owner, Cancellation));
        Assert.Equal("yes", await JobAsync(machine));
    }

    [Fact]
    public async Task Without_room_for_scratch_nothing_is_started()
    {
        await using var machine = await TestMachine.CreateAsync(host);
        // The disk may need 16 MiB of scratch: no more than that is asked for, and a folder on a file system of 1 MiB does not have it.
        var small = Path.Combine(host.Directory, "small");
        await LibvirtHost.RunAsync("mkdir", ["-p", small], Cancellation);
        await LibvirtHost.RunAsync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small], Cancellation);
        try
        {
            await using var hypervisor = host.Open(host.Options with { ScratchDirectory = small });
            var refusal = await Assert.ThrowsAnyAsync<HypervisorException>(() => hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(null, "c1"), Cancellation));
            Assert.Equal(HypervisorFault.NoSpace, refusal.Fault);
            Assert.Equal("no", await JobAsync(machine));
            Assert.Empty(await hypervisor.ListCheckpointsAsync(machine.Id, machine.Owner, Cancellation));
        }
        finally
        {
            await LibvirtHost.RunAsync("umount", [small], CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_begin_that_cannot_be_read_leaves_nothing_behind()
    {
        await using var machine = await TestMachine.CreateAsync(host);
        await using var hypervisor = host.Open();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(null, "c1"), cancelled.Token));

        Assert.Equal("no", await JobAsync(machine));
        Assert.Empty(await hypervisor.ListCheckpointsAsync(machine.Id, machine.Owner, Cancellation));
        await ChangeTrackingConformance.CutFullAsync(hypervisor, machine, "c1");
    }

    [Fact]
    public async Task A_machine_with_saved_memory_is_not_started_to_be_read()
    {
        await using var machine = await TestMachine.CreateAsync(host);
        await using var hypervisor = host.Open();
        await host.VirshAsync(Cancellation, "managedsave", machine.Id);

        var refusal = await Assert.ThrowsAnyAsync<HypervisorException>(() => hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(), Cancellation));

        Assert.Equal(HypervisorFault.Unsupported, refusal.Fault);
        Assert.Contains("managedsave-remove", refusal.Remedy, StringComparison.Ordinal);
        Assert.Equal(PowerState.Off, (await hypervisor.FindAsync(machine.Id, Cancellation))?.State);
    }

    [Fact]
    public async Task A_machine_with_libvirt_snapshots_is_refused_with_the_remedy()
    {
        await using var machine = await TestMachine.CreateAsync(host);
        await using var hypervisor = host.Open();
        await host.VirshAsync(Cancellation, "snapshot-create-as", machine.Id, "before-update");
        try
        {
            var failure = Assert.Single(await hypervisor.CheckPrerequisitesAsync(machine.Id, [], Cancellation));
            Assert.Equal("SnapshotsExist", failure.Reason);
            var refusal = await Assert.ThrowsAnyAsync<HypervisorException>(() => hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(null, "c1"), Cancellation));
            Assert.Equal((HypervisorFault.Unsupported, failure.Remedy), (refusal.Fault, refusal.Remedy));
        }
        finally
        {
            await host.VirshAsync(CancellationToken.None, "snapshot-delete", machine.Id, "before-update");
        }
    }

    [Fact]
    public async Task A_restarted_libvirtd_is_connected_to_again()
    {
        await using var machine = await TestMachine.CreateAsync(host);
        await using var hypervisor = host.Open();
        await ChangeTrackingConformance.CutFullAsync(hypervisor, machine, "c1");

        await host.ExecuteAsync(
            "p=$(cat /run/libvirt/libvirtd.pid); kill $p; while kill -0 $p 2>/dev/null; do sleep 0.05; done; " +
            "libvirtd --daemon --pid-file /run/libvirt/libvirtd.pid; until virsh -q -c qemu:///system version >/dev/null 2>&1; do sleep 0.05; done",
            Cancellation);

        Assert.Equal(PowerState.Running, (await hypervisor.FindAsync(machine.Id, Cancellation))?.State);
        await machine.WriteAsync(0, 0, 4096, 0x2a);
        var replica = new[] { new byte[TestMachine.DiskSizeBytes] };
        await ChangeTrackingConformance.CutAsync(hypervisor, machine, "c1", "c2", replica);
        ChangeTrackingConformance.AssertEqual(machine, replica);
    }

    private async Task<string> ForeignJobAsync()
    {
        var path = Path.Combine(host.StorageDirectory, $"foreign{Guid.NewGuid():n}.xml");
        await File.WriteAllTextAsync(
            path,
            $"""
            <domainbackup mode='pull'><server transport='unix' socket='{host.StorageDirectory}/foreign.sock'/>
              <disks><disk name='vda' backup='yes' type='file'><scratch file='{path}.scratch'/></disk></disks></domainbackup>
            """,
            Cancellation);
        return path;
    }

    private async Task<string> JobAsync(TestMachine machine) =>
        (await host.VirshAsync(Cancellation, "domjobinfo", machine.Id)).Contains("None", StringComparison.Ordinal) ? "no" : "yes";

    private async Task WaitForOffAsync(TestMachine machine)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        while ((await host.VirshAsync(deadline.Token, "domstate", machine.Id)).Trim() != "shut off") await Task.Yield();
    }
}
