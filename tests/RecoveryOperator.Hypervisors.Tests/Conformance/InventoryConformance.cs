namespace RecoveryOperator.Hypervisors.Tests.Conformance;

/// <summary>What every driver promises about finding and judging machines.</summary>
public abstract class InventoryConformance(IConformanceDriver driver)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_machine_is_found_by_id_and_by_name_and_is_in_the_inventory()
    {
        await using var machine = await TestMachine.CreateAsync(driver, disks: 2);
        await using var hypervisor = driver.Open();

        var byId = await hypervisor.FindAsync(machine.Id, Cancellation);
        var byName = await hypervisor.FindAsync(machine.Name, Cancellation);
        Assert.Equal(machine.Id, await hypervisor.FindIdAsync(machine.Id, Cancellation));
        Assert.Equal(machine.Id, await hypervisor.FindIdAsync(machine.Name, Cancellation));
        var host = await hypervisor.DescribeHostAsync(Cancellation);

        Assert.Equal(machine.Id, byName?.Id);
        Assert.Equal(machine.Name, byId?.Name);
        Assert.Equal(PowerState.Running, byId?.State);
        Assert.Equal(hypervisor.Capabilities.Driver, byId?.Definition.Hypervisor);
        Assert.Equal([TestMachine.DiskSizeBytes, TestMachine.DiskSizeBytes], byId?.Definition.Disks.Select(disk => disk.SizeBytes) ?? []);
        Assert.Contains(host.Machines, listed => listed.Id == machine.Id);
        Assert.Contains(driver.Network, host.Networks);
        Assert.True(host.FreeStorageBytes > 0);
    }

    [Fact]
    public async Task An_unknown_machine_is_null_when_looked_for_and_not_found_when_used()
    {
        await using var hypervisor = driver.Open();
        var unknown = Guid.NewGuid().ToString();
        var request = new SnapshotRequest("nobody", null, null, []);

        Assert.Null(await hypervisor.FindAsync(unknown, Cancellation));
        Assert.Null(await hypervisor.FindAsync("no-such-machine", Cancellation));
        Assert.Null(await hypervisor.FindIdAsync("no-such-machine", Cancellation));
        var refusal = await Assert.ThrowsAnyAsync<HypervisorException>(() => hypervisor.BeginSnapshotAsync(unknown, request, Cancellation));
        Assert.Equal(HypervisorFault.NotFound, refusal.Fault);
        Assert.NotEmpty(refusal.Remedy);
        Assert.NotEmpty(await hypervisor.CheckPrerequisitesAsync(unknown, [], Cancellation));
    }

    [Fact]
    public async Task A_machine_without_obstacles_meets_the_prerequisites()
    {
        await using var machine = await TestMachine.CreateAsync(driver, disks: 2);
        await using var hypervisor = driver.Open();

        Assert.Empty(await hypervisor.CheckPrerequisitesAsync(machine.Id, [], Cancellation));
    }

    [Fact]
    public async Task An_unsupported_disk_is_refused_with_the_remedy()
    {
        await using var hypervisor = driver.Open();
        var id = await driver.CreateUnsupportedMachineAsync("vm" + Guid.NewGuid().ToString("n")[..10], Cancellation);
        Assert.SkipWhen(id is null, "this driver supports every disk");
        try
        {
            var failure = Assert.Single(await hypervisor.CheckPrerequisitesAsync(id, [], Cancellation));
            Assert.NotEmpty(failure.Remedy);
            Assert.NotEmpty(failure.Object);
            var request = new SnapshotRequest("nobody", null, new ChangeTrackingId("c1"), []);
            var refusal = await Assert.ThrowsAnyAsync<HypervisorException>(() => hypervisor.BeginSnapshotAsync(id, request, Cancellation));
            Assert.Equal(HypervisorFault.Unsupported, refusal.Fault);
            Assert.NotEmpty(refusal.Remedy);
            Assert.Empty(await hypervisor.ListCheckpointsAsync(id, "nobody", Cancellation));
        }
        finally
        {
            await driver.RemoveMachineAsync(id, CancellationToken.None);
        }
    }
}
