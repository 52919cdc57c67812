using System.Diagnostics;
using System.Globalization;
using RecoveryOperator.Benchmarks.Measuring;
using RecoveryOperator.Benchmarks.Report;
using RecoveryOperator.Benchmarks.World;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Benchmarks.Rows;

/// <summary>Cycles of a real guest under libvirt that writes nothing: it is suspended.</summary>
internal sealed class IdleCycleRow : IRow
{
    private const string Ours = "recovery-operator";
    private const string Guest = "idle-1";
    private const double GoalMilliseconds = 7;

    /// <summary>What runs once a cycle is compiled again, optimized, at its thirtieth call: that is over by then.</summary>
    private const int WarmUpCycles = 60;

    private static readonly TimeSpan _window = TimeSpan.FromSeconds(90);

    /// <summary>A heartbeat area that is full after some seconds: the guest runs on and writes nothing more.</summary>
    private static readonly Dictionary<string, string> _image = new()
    {
        ["GUEST_HEARTBEAT_MIB"] = "1",
        ["GUEST_INTERVAL_MS"] = "1",
        ["GUEST_CHURN_KIB"] = "0",
    };

    public string Name => "idle";

    public string Title => "Idle cycle of a real guest";

    public bool DependsOnSize => false;

    public async Task MeasureAsync(Workshop workshop, RowResult result, int rounds, CancellationToken cancellationToken)
    {
        string folder = workshop.NewFolder("idle");
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        await using (BlobService blobs = await BlobService.StartAsync(folder, BlobService.AllAddresses, cancellationToken))
        {
            await using LibvirtHost libvirt = await LibvirtHost.StartAsync(Path.Combine(folder, "host"), cancellationToken);
            await libvirt.StartGuestAsync(Guest, _image, cancellationToken);
            await libvirt.WaitForConsoleAsync(Guest, "FULL", TimeSpan.FromMinutes(10), cancellationToken);
            // Its file systems are tended from time to time (journals, inode tables): such a cycle is not idle.
            await libvirt.SuspendGuestAsync(Guest, cancellationToken);
            await using HostRole host = await HostRole.StartOnAsync(libvirt, Path.Combine(folder, "agent"), workshop.Certificates, cancellationToken);
            Replica replica = await Replica.ClaimAsync(blobs.Connect(""), Guest, cancellationToken);
            await host.ProtectAsync(HostRole.Desired(replica, Guest, TimeSpan.FromSeconds(1)), cancellationToken);
            await host.WaitForCommitAsync(replica.Id, WarmUpCycles, cancellationToken);
            for (int round = 1; round <= rounds; round++)
                result.Runs.Add(await WatchAsync(host, libvirt, replica, round, cancellationToken));
        }

        Directory.Delete(folder, recursive: true);
        result.Commands[Ours] = "recovery-agent host (Libvirt driver) with a guest that was booted and is suspended by virsh, so that it writes nothing, copy frequency 1 s, sets committed to Azurite; CPU time of the agent's process over 90 s";
        result.Notes.Add("The CPU time of an idle cycle is that of the agent's process with its side of the libvirt calls; what libvirtd spends for it stands beside it in the raw results (guests run under emulation: QEMU's own time is not comparable).");
    }

    public IEnumerable<Verdict> Judge(RowResult result)
    {
        double cpu = result.Median(Ours, "cpuMillisecondsPerCycle");
        double read = result.Max(Ours, "readBytes");
        yield return Verdict.AtMost("no disk bytes read", read, 0, Text($"{read:F0} bytes in {result.Max(Ours, "cycles"):F0} cycles"));
        yield return Verdict.AtMost(
            "CPU under 7 ms per VM, libvirt calls included",
            cpu,
            GoalMilliseconds,
            Text($"{cpu:F1} ms a cycle (libvirtd besides: {result.Median(Ours, "libvirtdCpuMillisecondsPerCycle"):F1} ms)"));
    }

    public Chart? ChartOf(RowResult result) => null;

    private static async Task<Run> WatchAsync(HostRole host, LibvirtHost libvirt, Replica replica, int round, CancellationToken cancellationToken)
    {
        ProtectionStatus before = await host.StatusAsync(replica.Id, cancellationToken);
        (double agent, double daemon, double guest) = (host.Agent.CpuSeconds, libvirt.LibvirtCpuSeconds(), LibvirtHost.GuestCpuSeconds(Guest));
        Stopwatch watch = Stopwatch.StartNew();
        await Task.Delay(_window, cancellationToken);
        (agent, daemon, guest) = (host.Agent.CpuSeconds - agent, libvirt.LibvirtCpuSeconds() - daemon, LibvirtHost.GuestCpuSeconds(Guest) - guest);
        double wall = watch.Elapsed.TotalSeconds;
        ProtectionStatus after = await host.StatusAsync(replica.Id, cancellationToken);
        double cycles = after.CyclesTotal - before.CyclesTotal;
        return new Run(Ours, round, new Dictionary<string, double>
        {
            [Figures.WallSeconds] = wall,
            ["cycles"] = cycles,
            ["cpuMillisecondsPerCycle"] = 1000 * agent / cycles,
            ["libvirtdCpuMillisecondsPerCycle"] = 1000 * daemon / cycles,
            ["qemuCpuMillisecondsPerCycle"] = 1000 * guest / cycles,
            ["readBytes"] = after.ReadBytesTotal - before.ReadBytesTotal,
            [Figures.PeakMemoryMiB] = host.Agent.PeakMemoryMiB,
        });
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
