namespace RecoveryOperator.Hypervisors.Tests.Conformance;

/// <summary>What every driver promises after its process was killed (P7, P8).</summary>
public abstract class LeftoverConformance(IConformanceDriver driver)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_snapshot_left_open_by_a_killed_process_is_ended_and_no_change_is_lost()
    {
        await using var machine = await TestMachine.CreateAsync(driver, disks: 2);
        await using var killed = driver.Open();
        var replicas = await ChangeTrackingConformance.CutFullAsync(killed, machine, "c1");
        await machine.WriteAsync(0, 1 << 20, 4096, 0xa1);
        var open = await killed.BeginSnapshotAsync(machine.Id, machine.Request("c1", "c2"), Cancellation);
        await driver.CrashAsync(killed, open);

        await using var restarted = driver.Open();
        await restarted.CleanUpAsync(machine.Id, machine.Owner, Cancellation);
        await machine.WriteAsync(1, 2 << 20, 4096, 0xa2);
        await restarted.AbandonCheckpointAsync(machine.Id, machine.Owner, new("c2"), Cancellation);
        await ChangeTrackingConformance.CutAsync(restarted, machine, "c1", "c3", replicas);

        ChangeTrackingConformance.AssertEqual(machine, replicas);
    }

    [Fact]
    public async Task A_snapshot_of_a_stopped_machine_left_open_leaves_it_off()
    {
        await using var machine = await TestMachine.CreateAsync(driver);
        await using var killed = driver.Open();
        await driver.StopMachineAsync(machine.Id, Cancellation);
        var open = await killed.BeginSnapshotAsync(machine.Id, machine.Request(null, "c1"), Cancellation);
        await driver.CrashAsync(killed, open);

        await using var restarted = driver.Open();
        await restarted.CleanUpAsync(machine.Id, machine.Owner, Cancellation);

        Assert.Equal(PowerState.Off, (await restarted.FindAsync(machine.Id, Cancellation))?.State);
        await driver.StartMachineAsync(machine.Id, Cancellation);
    }

    [Fact]
    public async Task Without_leftovers_nothing_is_done_and_checkpoints_stay()
    {
        await using var machine = await TestMachine.CreateAsync(driver);
        await using var hypervisor = driver.Open();
        await ChangeTrackingConformance.CutFullAsync(hypervisor, machine, "c1");

        var report = await hypervisor.CleanUpAsync(machine.Id, machine.Owner, Cancellation);

        Assert.Equal(new LeftoverReport(0, 0, false), report);
        Assert.Single(await hypervisor.ListCheckpointsAsync(machine.Id, machine.Owner, Cancellation));
    }

    [Fact]
    public async Task A_snapshot_that_was_ended_by_somebody_else_is_not_intact()
    {
        await using var machine = await TestMachine.CreateAsync(driver);
        await using var first = driver.Open();
        var snapshot = await first.BeginSnapshotAsync(machine.Id, machine.Request(), Cancellation);
        await using var second = driver.Open();
        await driver.CrashAsync(first, snapshot);
        await second.CleanUpAsync(machine.Id, machine.Owner, Cancellation);

        await Assert.ThrowsAnyAsync<Exception>(() => snapshot.VerifyIntactAsync(Cancellation));
        await snapshot.DisposeAsync();
    }
}
