using RecoveryOperator.Hypervisors.Images.Guest;

namespace RecoveryOperator.Hypervisors.Tests.Images;

public sealed class HeartbeatGuestTests : IDisposable
{
    private const long FirstDiskBytes = 4 << 20;
    private const long SecondDiskBytes = 12 << 20;
    private readonly ImagesBed bed = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => bed.Dispose();

    [Fact]
    public void A_record_is_one_text_line_with_its_checksum_in_a_sector()
    {
        var sector = new byte[512];

        HeartbeatRecord.Write(7, 1700000000, sector);

        // printf 'HB 7 1700000000' | md5sum
        Assert.StartsWith("HB 7 1700000000 f99a181dbd021c7ce024396722ce7e94\n\0", System.Text.Encoding.ASCII.GetString(sector), StringComparison.Ordinal);
        Assert.True(HeartbeatRecord.IsValid(7, sector));
        Assert.False(HeartbeatRecord.IsValid(8, sector));
        sector[511] = 1;
        Assert.False(HeartbeatRecord.IsValid(7, sector));
    }

    [Fact]
    public async Task Killed_at_any_moment_the_disks_hold_a_prefix_of_what_was_written()
    {
        const int Seed = 41;
        TestContext.Current.SendDiagnosticMessage($"seed {Seed}");
        var random = new Random(Seed);
        var machine = bed.CreateMachine("web", FirstDiskBytes, SecondDiskBytes);
        await using var hypervisor = bed.Open(bed.Options with { GuestCommand = GuestEntryPoint.Command });
        long last = 0;
        for (var round = 0; round < 6; round++)
        {
            await hypervisor.StartAsync(machine.Id, Cancellation);
            var target = last + random.Next(1, 12);
            await WaitForAsync(() => Console(machine).Contains($"WRITE n={target}\n", StringComparison.Ordinal));
            SpinFor(random.Next(0, 3000));
            await hypervisor.DestroyAsync(machine.Id, Cancellation);

            var (first, second) = Scan(machine);
            Assert.Equal((0, 0), (first.Holes, second.Holes));
            Assert.InRange(first.LastOfPrefix - second.LastOfPrefix, 0, 1);
            Assert.True(first.LastOfPrefix >= target - 1, $"round {round}: record {target - 1} was reported and is not there");
            Assert.True(second.LastOfPrefix >= LastBeat(machine), $"round {round}: a beat was reported that is not there");
            last = first.LastOfPrefix;
        }

        Assert.Contains("RECOVERED vda=0 vdb=0 holes=0\n", Console(machine), StringComparison.Ordinal);
        Assert.Equal(6, Console(machine).Split("RECOVERED ").Length - 1);
    }

    [Fact]
    public async Task A_record_missing_on_the_second_disk_is_written_first()
    {
        var machine = bed.CreateMachine("web", FirstDiskBytes, SecondDiskBytes);
        using (var disk = File.OpenHandle(bed.PathOf(machine, 0), access: FileAccess.ReadWrite)) HeartbeatArea.OnFirstDisk(disk).Write(1, 1700000000);

        await RunUntilAsync(machine, "BEAT n=2 ");

        Assert.StartsWith("RECOVERED vda=1 vdb=0 holes=0\nWRITE n=2\n", Console(machine), StringComparison.Ordinal);
        var (first, second) = Scan(machine);
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task A_hole_is_reported()
    {
        var machine = bed.CreateMachine("web", FirstDiskBytes, SecondDiskBytes);
        using (var disk = File.OpenHandle(bed.PathOf(machine, 1), access: FileAccess.ReadWrite)) HeartbeatArea.OnSecondDisk(disk).Write(3, 1700000000);

        await RunUntilAsync(machine, "BEAT n=1 ");

        Assert.StartsWith("RECOVERED vda=0 vdb=0 holes=2\n", Console(machine), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_guest_shuts_down_when_asked_and_beats_wait_for_a_snapshot()
    {
        var machine = bed.CreateMachine("web", FirstDiskBytes, SecondDiskBytes);
        await using var hypervisor = bed.Open(bed.Options with { GuestCommand = GuestEntryPoint.Command });
        await hypervisor.StartAsync(machine.Id, Cancellation);
        await WaitForAsync(() => LastBeat(machine) >= 3);

        for (var cut = 0; cut < 5; cut++)
        {
            await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, ImagesChangesTests.Request(null, $"c{cut}"), Cancellation);
            await snapshot.VerifyIntactAsync(Cancellation);
        }

        Assert.True(await hypervisor.ShutDownAsync(machine.Id, TimeSpan.FromSeconds(20), Cancellation));
        Assert.EndsWith("SHUTDOWN\n", Console(machine), StringComparison.Ordinal);
        Assert.Equal(PowerState.Off, (await hypervisor.FindAsync("web", Cancellation))!.State);
        var (first, second) = Scan(machine);
        Assert.Equal(first, second);
        Assert.Equal(LastBeat(machine), first.LastOfPrefix);
    }

    [Fact]
    public async Task A_second_guest_of_the_same_machine_refuses_to_run()
    {
        var machine = bed.CreateMachine("web", FirstDiskBytes, SecondDiskBytes);
        var options = new HeartbeatGuestOptions(Path.Combine(bed.Root, "web"), TimeSpan.FromMilliseconds(5));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var first = HeartbeatGuest.RunAsync(options, TimeProvider.System, stop.Token);
        await WaitForAsync(() => LastBeat(machine) >= 1);

        Assert.Equal(HeartbeatGuest.AlreadyRunning, await HeartbeatGuest.RunAsync(options, TimeProvider.System, Cancellation));

        await stop.CancelAsync();
        Assert.Equal(0, await first);
    }

    private async Task RunUntilAsync(VirtualMachine machine, string line)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var options = new HeartbeatGuestOptions(Path.Combine(bed.Root, machine.Name), TimeSpan.FromMilliseconds(5));
        var guest = HeartbeatGuest.RunAsync(options, TimeProvider.System, stop.Token);
        await WaitForAsync(() => Console(machine).Contains(line, StringComparison.Ordinal));
        await stop.CancelAsync();
        Assert.Equal(0, await guest);
    }

    private static async Task WaitForAsync(Func<bool> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        while (!condition()) await Task.Delay(2, deadline.Token);
    }

    /// <summary>Microseconds, much shorter than a beat: to hit any point within one.</summary>
    private static void SpinFor(int microseconds)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started).TotalMicroseconds < microseconds) Thread.SpinWait(20);
    }

    private string Console(VirtualMachine machine)
    {
        var path = Path.Combine(bed.Root, machine.Name, "console.log");
        if (!File.Exists(path)) return string.Empty;
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    private long LastBeat(VirtualMachine machine)
    {
        var console = Console(machine);
        var at = console.LastIndexOf("BEAT n=", StringComparison.Ordinal);
        return at < 0 ? 0 : long.Parse(console[(at + 7)..].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    private (HeartbeatScan First, HeartbeatScan Second) Scan(VirtualMachine machine)
    {
        using var first = File.OpenHandle(bed.PathOf(machine, 0));
        using var second = File.OpenHandle(bed.PathOf(machine, 1));
        return (HeartbeatArea.OnFirstDisk(first).Scan(), HeartbeatArea.OnSecondDisk(second).Scan());
    }
}
