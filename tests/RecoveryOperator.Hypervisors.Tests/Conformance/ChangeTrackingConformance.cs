namespace RecoveryOperator.Hypervisors.Tests.Conformance;

/// <summary>What every driver promises about changes between points in time: a change may be reported twice, never not at all (P2).</summary>
public abstract class ChangeTrackingConformance(IConformanceDriver driver)
{
    private const long RoundingBytes = 256 << 10;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Changes_since_a_checkpoint_are_reported_with_their_content()
    {
        await using var machine = await TestMachine.CreateAsync(driver, disks: 2);
        await using var hypervisor = driver.Open();
        await machine.WriteSomewhereAsync(SnapshotConformance.Seeded(21), 4);
        var replicas = await CutFullAsync(hypervisor, machine, "c1");
        await machine.WriteAsync(0, 5 << 20, 64 << 10, 0x51);
        await machine.WriteAsync(1, (9 << 20) + 512, 512, 0x52);

        var changed = await CutAsync(hypervisor, machine, "c1", "c2", replicas);

        AssertEqual(machine, replicas);
        Assert.InRange(changed[0].TotalBytes(), 64 << 10, RoundingBytes);
        Assert.InRange(changed[1].TotalBytes(), 512, RoundingBytes);
    }

    [Fact]
    public async Task An_idle_machine_has_no_changes_and_no_disk_data_is_read()
    {
        await using var machine = await TestMachine.CreateAsync(driver, disks: 2);
        await using var hypervisor = driver.Open();
        await machine.WriteAsync(0, 0, 4096, 0x61);
        await CutFullAsync(hypervisor, machine, "c1");

        await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, machine.Request("c1", "c2"), Cancellation);

        foreach (var disk in snapshot.Disks)
        {
            Assert.Empty(await disk.ListExtentsAsync());
            Assert.Equal(0, disk.BytesRead);
        }
    }

    [Fact]
    public async Task An_abandoned_checkpoint_gives_its_changes_back()
    {
        await using var machine = await TestMachine.CreateAsync(driver);
        await using var hypervisor = driver.Open();
        var replicas = await CutFullAsync(hypervisor, machine, "c1");
        await machine.WriteAsync(0, 1 << 20, 4096, 0x71);
        await CutAsync(hypervisor, machine, "c1", "c2", [.. replicas.Select(replica => replica.ToArray())]);
        await machine.WriteAsync(0, 2 << 20, 4096, 0x72);
        await CutAsync(hypervisor, machine, "c2", "c3", [.. replicas.Select(replica => replica.ToArray())]);
        await machine.WriteAsync(0, 3 << 20, 4096, 0x73);

        await hypervisor.AbandonCheckpointAsync(machine.Id, machine.Owner, new("c2"), Cancellation);
        await hypervisor.AbandonCheckpointAsync(machine.Id, machine.Owner, new("c2"), Cancellation);

        Assert.Equal(["c1"], await ListAsync(hypervisor, machine));
        await CutAsync(hypervisor, machine, "c1", "c4", replicas);
        AssertEqual(machine, replicas);
    }

    [Fact]
    public async Task A_committed_checkpoint_forgets_what_was_before_it()
    {
        await using var machine = await TestMachine.CreateAsync(driver);
        await using var hypervisor = driver.Open();
        var replicas = await CutFullAsync(hypervisor, machine, "c1");
        await machine.WriteAsync(0, 1 << 20, 64 << 10, 0x81);
        await CutAsync(hypervisor, machine, "c1", "c2", replicas);
        await machine.WriteAsync(0, 8 << 20, 64 << 10, 0x82);
        await CutAsync(hypervisor, machine, "c2", "c3", replicas);

        await hypervisor.CommitCheckpointAsync(machine.Id, machine.Owner, new("c3"), Cancellation);
        await hypervisor.CommitCheckpointAsync(machine.Id, machine.Owner, new("c3"), Cancellation);
        await machine.WriteAsync(0, 12 << 20, 64 << 10, 0x83);

        Assert.Equal(["c3"], await ListAsync(hypervisor, machine));
        var changed = await CutAsync(hypervisor, machine, "c3", "c4", replicas);
        Assert.All(changed[0], extent => Assert.InRange(extent.OffsetBytes, (12 << 20) - RoundingBytes, (12 << 20) + RoundingBytes));
        AssertEqual(machine, replicas);
    }

    [Fact]
    public async Task A_replica_stays_equal_through_any_order_of_cuts_commits_and_abandons()
    {
        await using var machine = await TestMachine.CreateAsync(driver, disks: 2);
        await using var hypervisor = driver.Open();
        var random = SnapshotConformance.Seeded(22);
        var replicas = await CutFullAsync(hypervisor, machine, "s0");
        var committed = "s0";

        for (var round = 1; round <= 8; round++)
        {
            await machine.WriteSomewhereAsync(random, random.Next(0, 4));
            var copies = replicas.Select(replica => replica.ToArray()).ToArray();
            await CutAsync(hypervisor, machine, committed, $"s{round}", copies);
            if (random.Next(3) == 0)
            {
                await hypervisor.AbandonCheckpointAsync(machine.Id, machine.Owner, new($"s{round}"), Cancellation);
                continue;
            }

            AssertEqual(machine, copies);
            await hypervisor.CommitCheckpointAsync(machine.Id, machine.Owner, new($"s{round}"), Cancellation);
            (replicas, committed) = (copies, $"s{round}");
        }

        await CutAsync(hypervisor, machine, committed, "last", replicas);
        AssertEqual(machine, replicas);
    }

    [Fact]
    public async Task Changes_are_tracked_over_a_stop_and_a_start_and_while_stopped()
    {
        await using var machine = await TestMachine.CreateAsync(driver);
        await using var hypervisor = driver.Open();
        var replicas = await CutFullAsync(hypervisor, machine, "c1");
        await machine.WriteAsync(0, 1 << 20, 4096, 0x91);
        await driver.StopMachineAsync(machine.Id, Cancellation);
        await CutAsync(hypervisor, machine, "c1", "c2", replicas);
        AssertEqual(machine, replicas);

        await driver.StartMachineAsync(machine.Id, Cancellation);
        await machine.WriteAsync(0, 2 << 20, 4096, 0x92);
        await CutAsync(hypervisor, machine, "c2", "c3", replicas);

        AssertEqual(machine, replicas);
    }

    [Fact]
    public async Task An_unknown_or_foreign_checkpoint_means_that_tracking_is_lost()
    {
        await using var machine = await TestMachine.CreateAsync(driver);
        await using var hypervisor = driver.Open();
        await CutFullAsync(hypervisor, machine, "c1");

        await Assert.ThrowsAsync<ChangeTrackingLostException>(() => hypervisor.BeginSnapshotAsync(machine.Id, machine.Request("c9", "c10"), Cancellation));
        var foreign = machine.Request("c1", "c2") with { Owner = "somebodyelse" };
        await Assert.ThrowsAsync<ChangeTrackingLostException>(() => hypervisor.BeginSnapshotAsync(machine.Id, foreign, Cancellation));
        Assert.Empty(await hypervisor.ListCheckpointsAsync(machine.Id, "somebodyelse", Cancellation));
        Assert.Equal(["c1"], await ListAsync(hypervisor, machine));
    }

    [Fact]
    public async Task A_released_machine_has_no_checkpoints_and_can_be_protected_anew()
    {
        await using var machine = await TestMachine.CreateAsync(driver);
        await using var hypervisor = driver.Open();
        await CutFullAsync(hypervisor, machine, "c1");

        await hypervisor.ReleaseAsync(machine.Id, machine.Owner, Cancellation);
        await hypervisor.ReleaseAsync(machine.Id, machine.Owner, Cancellation);

        Assert.Empty(await ListAsync(hypervisor, machine));
        await CutFullAsync(hypervisor, machine, "c1");
    }

    internal static async Task<byte[][]> CutFullAsync(IHypervisor hypervisor, TestMachine machine, string checkpoint)
    {
        await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(null, checkpoint), Cancellation);
        var contents = new List<byte[]>();
        foreach (var disk in snapshot.Disks) contents.Add(await disk.ReadFullAsync());
        await snapshot.VerifyIntactAsync(Cancellation);
        return [.. contents];
    }

    internal static async Task<List<Extent>[]> CutAsync(IHypervisor hypervisor, TestMachine machine, string since, string checkpoint, byte[][] replicas)
    {
        await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(since, checkpoint), Cancellation);
        var changed = new List<List<Extent>>();
        foreach (var disk in snapshot.Disks) changed.Add(await disk.CopyToAsync(replicas[disk.Index]));
        await snapshot.VerifyIntactAsync(Cancellation);
        return [.. changed];
    }

    internal static void AssertEqual(TestMachine machine, byte[][] replicas)
    {
        for (var i = 0; i < replicas.Length; i++) SnapshotReading.AssertSame(machine.Contents[i], replicas[i], $"replica of disk {i}");
    }

    private static async Task<IEnumerable<string>> ListAsync(IHypervisor hypervisor, TestMachine machine) =>
        (await hypervisor.ListCheckpointsAsync(machine.Id, machine.Owner, Cancellation)).Select(id => id.Value);
}
