namespace RecoveryOperator.Hypervisors.Tests.Conformance;

/// <summary>What every driver promises about bringing up replicas.</summary>
public abstract class RecoveryTargetConformance(IConformanceDriver driver)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_replica_is_created_off_with_the_content_of_the_vault()
    {
        await using var bed = await ReplicaBed.CreateAsync(driver);

        var replica = await bed.CreateAsync();

        Assert.Equal(bed.Request.Name, replica.Name);
        Assert.Equal(PowerState.Off, replica.State);
        Assert.NotEqual(bed.Model.Id, replica.Id);
        await using var snapshot = await bed.Hypervisor.BeginSnapshotAsync(replica.Id, bed.Snapshot(), Cancellation);
        foreach (var disk in snapshot.Disks)
            SnapshotReading.AssertSame(bed.Contents[disk.Index], await disk.ReadFullAsync(), $"replica of disk {disk.Index}");
    }

    [Fact]
    public async Task Creating_it_again_gives_the_same_machine_unchanged()
    {
        await using var bed = await ReplicaBed.CreateAsync(driver);
        var replica = await bed.CreateAsync();
        await bed.Target.StartAsync(replica.Id, Cancellation);
        await driver.WriteAsync(replica.Id, 0, new Extent(0, 4096), 0x3c, Cancellation);

        var again = await bed.CreateAsync();

        Assert.Equal(replica.Id, again.Id);
        Assert.Equal(PowerState.Running, again.State);
        await using var snapshot = await bed.Hypervisor.BeginSnapshotAsync(replica.Id, bed.Snapshot(), Cancellation);
        Assert.Equal(0x3c, (await snapshot.Disks[0].ReadFullAsync())[0]);
    }

    [Fact]
    public async Task A_started_replica_runs_and_its_changes_are_tracked_from_the_first()
    {
        await using var bed = await ReplicaBed.CreateAsync(driver);
        var replica = await bed.CreateAsync();

        await bed.Target.StartAsync(replica.Id, Cancellation);
        await bed.Target.StartAsync(replica.Id, Cancellation);
        await driver.WriteAsync(replica.Id, 1, new Extent(1 << 20, 4096), 0x5a, Cancellation);

        Assert.Equal(PowerState.Running, (await bed.Hypervisor.FindAsync(replica.Id, Cancellation))?.State);
        if (!bed.Hypervisor.Capabilities.TracksFromFirstWrite) return;
        var first = Assert.Single(await bed.Hypervisor.ListCheckpointsAsync(replica.Id, bed.Request.Owner, Cancellation));
        await using var snapshot = await bed.Hypervisor.BeginSnapshotAsync(replica.Id, bed.Snapshot(first), Cancellation);
        var changed = await snapshot.Disks[1].CopyToAsync(bed.Contents[1].ToArray());
        Assert.Contains(changed, extent => extent.OffsetBytes <= 1 << 20 && extent.EndBytes >= (1 << 20) + 4096);
        Assert.InRange(changed.TotalBytes(), 4096, 1 << 20);
    }

    [Fact]
    public async Task A_replica_that_is_connected_to_no_network_runs_too()
    {
        await using var bed = await ReplicaBed.CreateAsync(driver);
        var request = bed.Request with { Networks = [.. bed.Request.Networks.Select(_ => (string?)null)] };
        var replica = await bed.Target.CreateReplicaAsync(request, null, Cancellation);

        await bed.Target.StartAsync(replica.Id, Cancellation);

        var running = await bed.Hypervisor.FindAsync(replica.Id, Cancellation);
        Assert.Equal(PowerState.Running, running?.State);
        Assert.All(running!.Definition.Nics, nic => Assert.Null(nic.Network));
        Assert.Equal(bed.Model.Definition.Nics.Select(nic => nic.Mac), running.Definition.Nics.Select(nic => nic.Mac));
    }

    [Fact]
    public async Task It_is_shut_down_or_switched_off_and_deleted_and_all_of_it_may_be_repeated()
    {
        await using var bed = await ReplicaBed.CreateAsync(driver);
        var replica = await bed.CreateAsync();
        await bed.Target.StartAsync(replica.Id, Cancellation);

        var down = await bed.Target.ShutDownAsync(replica.Id, TimeSpan.FromMilliseconds(500), Cancellation);
        Assert.Equal(down ? PowerState.Off : PowerState.Running, (await bed.Hypervisor.FindAsync(replica.Id, Cancellation))?.State);
        await bed.Target.DestroyAsync(replica.Id, Cancellation);
        await bed.Target.DestroyAsync(replica.Id, Cancellation);
        Assert.Equal(PowerState.Off, (await bed.Hypervisor.FindAsync(replica.Id, Cancellation))?.State);
        await bed.Target.DeleteReplicaAsync(replica.Id, Cancellation);
        await bed.Target.DeleteReplicaAsync(replica.Id, Cancellation);

        Assert.Null(await bed.Hypervisor.FindAsync(replica.Id, Cancellation));
        await bed.Target.DestroyAsync(replica.Id, Cancellation);
    }

    [Fact]
    public async Task A_replica_is_deleted_by_what_it_was_made_for_and_no_other_is()
    {
        await using var bed = await ReplicaBed.CreateAsync(driver);
        var replica = await bed.CreateAsync();
        await bed.Target.StartAsync(replica.Id, Cancellation);

        await bed.Target.DeleteReplicaMadeForAsync(bed.Request.Owner, "of another operation", replica.Name, Cancellation);
        Assert.NotNull(await bed.Hypervisor.FindAsync(replica.Id, Cancellation));
        await bed.Target.DeleteReplicaMadeForAsync(bed.Request.Owner, bed.Request.OperationId, replica.Name, Cancellation);
        await bed.Target.DeleteReplicaMadeForAsync(bed.Request.Owner, bed.Request.OperationId, replica.Name, Cancellation);

        Assert.Null(await bed.Hypervisor.FindAsync(replica.Id, Cancellation));
    }

    [Fact]
    public async Task A_running_replica_is_deleted_too()
    {
        await using var bed = await ReplicaBed.CreateAsync(driver);
        var replica = await bed.CreateAsync();
        await bed.Target.StartAsync(replica.Id, Cancellation);

        await bed.Target.DeleteReplicaAsync(replica.Id, Cancellation);

        Assert.Null(await bed.Hypervisor.FindAsync(replica.Id, Cancellation));
    }

    [Fact]
    public async Task A_foreign_machine_is_never_deleted()
    {
        await using var bed = await ReplicaBed.CreateAsync(driver);

        var refusal = await Assert.ThrowsAsync<HypervisorException>(() => bed.Target.DeleteReplicaAsync(bed.Model.Id, Cancellation));

        Assert.Equal(HypervisorFault.Conflict, refusal.Fault);
        Assert.NotNull(await bed.Hypervisor.FindAsync(bed.Model.Id, Cancellation));
    }

    [Fact]
    public async Task A_name_that_is_taken_is_refused()
    {
        await using var bed = await ReplicaBed.CreateAsync(driver);
        var request = bed.Request with { Name = bed.Model.Name };

        Assert.NotEmpty(Assert.Single(await bed.Target.CheckReplicaAsync(request, Cancellation)).Remedy);
        var refusal = await Assert.ThrowsAsync<HypervisorException>(() => bed.Target.CreateReplicaAsync(request, null, Cancellation));
        Assert.Equal(HypervisorFault.Conflict, refusal.Fault);
        Assert.Equal(PowerState.Running, (await bed.Hypervisor.FindAsync(bed.Model.Id, Cancellation))?.State);
    }

    [Fact]
    public async Task A_network_that_the_host_does_not_have_is_named()
    {
        await using var bed = await ReplicaBed.CreateAsync(driver);
        var request = bed.Request with { Networks = ["no-such-network"] };

        var failure = Assert.Single(await bed.Target.CheckReplicaAsync(request, Cancellation));

        Assert.Contains("no-such-network", failure.Object + failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(failure.Remedy);
    }

    [Fact]
    public async Task A_possible_replica_meets_the_checks_before_and_after_it_was_created()
    {
        await using var bed = await ReplicaBed.CreateAsync(driver);

        Assert.Empty(await bed.Target.CheckReplicaAsync(bed.Request, Cancellation));
        await bed.CreateAsync();
        Assert.Empty(await bed.Target.CheckReplicaAsync(bed.Request, Cancellation));
    }
}
