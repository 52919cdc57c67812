namespace RecoveryOperator.Hypervisors.Tests.Conformance;

/// <summary>What every driver promises about a point in time of a machine.</summary>
public abstract class SnapshotConformance(IConformanceDriver driver)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_snapshot_equals_all_disks_at_its_instant()
    {
        await using var machine = await TestMachine.CreateAsync(driver, disks: 2);
        await using var hypervisor = driver.Open();
        await machine.WriteSomewhereAsync(Seeded(11), 12);

        await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(), Cancellation);

        Assert.Equal([0, 1], snapshot.Disks.Select(disk => disk.Index));
        foreach (var disk in snapshot.Disks)
            SnapshotReading.AssertSame(machine.Contents[disk.Index], await disk.ReadFullAsync(), disk.Target);
        await snapshot.VerifyIntactAsync(Cancellation);
        Assert.Equal(machine.Id, snapshot.Machine.Id);
    }

    [Fact]
    public async Task Writes_after_the_begin_are_not_seen()
    {
        await using var machine = await TestMachine.CreateAsync(driver);
        await using var hypervisor = driver.Open();
        await machine.WriteAsync(0, 1 << 20, 256 << 10, 0x11);
        var before = machine.Contents[0].ToArray();
        Task write;

        await using (var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(), Cancellation))
        {
            write = machine.WriteAsync(0, 1 << 20, 512 << 10, 0x22);
            if (!driver.GuestWritesWaitForSnapshots) await write;
            SnapshotReading.AssertSame(before, await snapshot.Disks[0].ReadFullAsync(), "the disk");
            await snapshot.VerifyIntactAsync(Cancellation);
        }

        await write;
        await using var later = await hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(), Cancellation);
        SnapshotReading.AssertSame(machine.Contents[0], await later.Disks[0].ReadFullAsync(), "the disk afterwards");
    }

    [Fact]
    public async Task All_disks_are_of_one_instant_while_the_guest_writes()
    {
        await using var machine = await TestMachine.CreateAsync(driver, disks: 2);
        await using var hypervisor = driver.Open();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var rounds = 0;
        var guest = Task.Run(
            async () =>
            {
                for (byte round = 1; round < byte.MaxValue && !stop.IsCancellationRequested; round++)
                {
                    await machine.WriteAsync(0, 0, 512, round);
                    await machine.WriteAsync(1, 0, 512, round);
                    Interlocked.Increment(ref rounds);
                }
            },
            Cancellation);
        while (Volatile.Read(ref rounds) < 2 && !guest.IsCompleted) await Task.Yield();

        for (var cut = 0; cut < 3; cut++)
        {
            await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(), Cancellation);
            var first = new byte[512];
            var second = new byte[512];
            await snapshot.Disks[0].ReadAsync(0, first, Cancellation);
            await snapshot.Disks[1].ReadAsync(0, second, Cancellation);
            await snapshot.VerifyIntactAsync(Cancellation);
            Assert.InRange(first[0] - second[0], 0, 1);
        }

        await stop.CancelAsync();
        await guest;
    }

    [Fact]
    public async Task Areas_never_written_are_not_reported()
    {
        await using var machine = await TestMachine.CreateAsync(driver);
        await using var hypervisor = driver.Open();
        await machine.WriteAsync(0, 3 << 20, 64 << 10, 0x33);

        await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(), Cancellation);

        Assert.InRange((await snapshot.Disks[0].ListExtentsAsync()).TotalBytes(), 64 << 10, 1 << 20);
        Assert.Equal(0, snapshot.Disks[0].BytesRead);
    }

    [Fact]
    public async Task Bytes_read_are_counted()
    {
        await using var machine = await TestMachine.CreateAsync(driver);
        await using var hypervisor = driver.Open();
        await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(), Cancellation);

        await snapshot.Disks[0].ReadAsync(4096, new byte[8192], Cancellation);

        Assert.Equal(8192, snapshot.Disks[0].BytesRead);
    }

    [Fact]
    public async Task A_read_beyond_the_end_is_an_error()
    {
        await using var machine = await TestMachine.CreateAsync(driver);
        await using var hypervisor = driver.Open();
        await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(), Cancellation);

        await Assert.ThrowsAnyAsync<Exception>(async () => await snapshot.Disks[0].ReadAsync(TestMachine.DiskSizeBytes, new byte[512], Cancellation));
        await snapshot.Disks[0].ReadAsync(TestMachine.DiskSizeBytes - 512, new byte[512], Cancellation);
    }

    [Fact]
    public async Task A_stopped_machine_is_read_and_stays_off()
    {
        await using var machine = await TestMachine.CreateAsync(driver);
        await using var hypervisor = driver.Open();
        await machine.WriteAsync(0, 0, 4096, 0x44);
        await driver.StopMachineAsync(machine.Id, Cancellation);

        await using (var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(), Cancellation))
            SnapshotReading.AssertSame(machine.Contents[0], await snapshot.Disks[0].ReadFullAsync(), "the disk");

        Assert.Equal(PowerState.Off, (await hypervisor.FindAsync(machine.Id, Cancellation))?.State);
    }

    [Fact]
    public async Task A_guest_that_cannot_be_quiesced_costs_nothing_but_the_reason()
    {
        await using var machine = await TestMachine.CreateAsync(driver);
        await using var hypervisor = driver.Open();
        await machine.WriteAsync(0, 0, 4096, 0x55);

        await using (var unasked = await hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(), Cancellation))
            Assert.Equal(SnapshotConsistency.Crash, unasked.Consistency);
        await using var snapshot = await hypervisor.BeginSnapshotAsync(
            machine.Id, machine.Request() with { QuiesceWithin = TimeSpan.FromSeconds(5) }, Cancellation);

        Assert.False(snapshot.Consistency.IsAppConsistent);
        Assert.NotEmpty(snapshot.Consistency.Reason!);
        Assert.NotEmpty(snapshot.Consistency.Message!);
        SnapshotReading.AssertSame(machine.Contents[0], await snapshot.Disks[0].ReadFullAsync(), "the disk");
    }

    [Fact]
    public async Task An_excluded_disk_is_left_out_and_the_others_keep_their_index()
    {
        await using var machine = await TestMachine.CreateAsync(driver, disks: 2);
        await using var hypervisor = driver.Open();
        var excluded = (await hypervisor.FindAsync(machine.Id, Cancellation))!.Definition.Disks[0].Target;

        await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, machine.Request(null, "c1", excluded), Cancellation);

        Assert.Equal(1, Assert.Single(snapshot.Disks).Index);
    }

    internal static Random Seeded(int seed)
    {
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        return new Random(seed);
    }
}
