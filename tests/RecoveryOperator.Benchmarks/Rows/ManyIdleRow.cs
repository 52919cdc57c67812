using System.Diagnostics;
using System.Globalization;
using RecoveryOperator.Benchmarks.Measuring;
using RecoveryOperator.Benchmarks.Report;
using RecoveryOperator.Benchmarks.World;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Benchmarks.Rows;

/// <summary>Many machines that write nothing, on one agent, each with a cycle every 30 s: what the agent costs when nothing happens.</summary>
internal sealed class ManyIdleRow : IRow
{
    private const string Ours = "recovery-operator";
    private const int Machines = 200;
    private const double Goal = 0.05;

    private static readonly TimeSpan _frequency = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _window = TimeSpan.FromSeconds(120);

    public string Name => "idle-many";

    public string Title => "200 idle machines on one agent, every 30 s";

    public bool DependsOnSize => false;

    public async Task MeasureAsync(Workshop workshop, RowResult result, int rounds, CancellationToken cancellationToken)
    {
        string folder = workshop.NewFolder("many");
        await using (BlobService blobs = await BlobService.StartAsync(folder, "127.0.0.1", cancellationToken))
        {
            string machines = Path.Combine(folder, "machines");
            string image = Path.Combine(folder, "disk.raw");
            await using (FileStream disk = File.Create(image))
                disk.SetLength(1 << 20);
            Directory.CreateDirectory(machines);
            await using HostRole host = await HostRole.StartSimulatedAsync(Path.Combine(folder, "host"), machines, workshop.Certificates, cancellationToken);
            for (int number = 0; number < Machines; number++)
                await ProtectAsync(host, blobs, machines, $"vm-{number:D3}", image, cancellationToken);
            await WaitForSecondSetsAsync(host, cancellationToken);
            for (int round = 1; round <= rounds; round++)
                result.Runs.Add(await WatchAsync(host, blobs, round, cancellationToken));
        }

        Directory.Delete(folder, recursive: true);
        result.Commands[Ours] = "the host role over a simulated hypervisor, 200 protections with a copy frequency of 30 s, sets committed to Azurite; CPU time of the agent's process over 120 s";
    }

    public IEnumerable<Verdict> Judge(RowResult result)
    {
        double share = result.Median(Ours, "coreShare");
        yield return Verdict.AtMost(
            "under 5% of a core",
            share,
            Goal,
            string.Create(CultureInfo.InvariantCulture, $"{share:P2} of a core ({result.Median(Ours, "cpuMillisecondsPerCycle"):F2} ms CPU for each cycle)"));
    }

    public Chart? ChartOf(RowResult result) => null;

    private static async Task ProtectAsync(
        HostRole host, BlobService blobs, string machines, string name, string image, CancellationToken cancellationToken)
    {
        Replica replica = await Replica.ClaimAsync(blobs.Connect(""), name, cancellationToken);
        ImagesMachine.Create(machines, name, image);
        await host.ProtectAsync(HostRole.Desired(replica, name, _frequency), cancellationToken);
    }

    private static async Task WaitForSecondSetsAsync(HostRole host, CancellationToken cancellationToken)
    {
        Stopwatch patience = Stopwatch.StartNew();
        while ((await host.StatusesAsync(cancellationToken)).Any(status => status.CommittedSequence < 2))
        {
            if (patience.Elapsed > TimeSpan.FromMinutes(5))
                throw new InvalidOperationException($"Not all machines are replicated after {patience.Elapsed} (log: {host.Agent.LogPath}).");
            await Task.Delay(1000, cancellationToken);
        }
    }

    private static async Task<Run> WatchAsync(HostRole host, BlobService blobs, int round, CancellationToken cancellationToken)
    {
        IReadOnlyList<ProtectionStatus> before = await host.StatusesAsync(cancellationToken);
        (double cpu, double storageCpu) = (host.Agent.CpuSeconds, ProcessReading.CpuSeconds(blobs.ProcessId));
        Stopwatch watch = Stopwatch.StartNew();
        await Task.Delay(_window, cancellationToken);
        double used = host.Agent.CpuSeconds - cpu;
        double wall = watch.Elapsed.TotalSeconds;
        IReadOnlyList<ProtectionStatus> after = await host.StatusesAsync(cancellationToken);
        double cycles = after.Sum(status => status.CyclesTotal) - before.Sum(status => status.CyclesTotal);
        return new Run(Ours, round, new Dictionary<string, double>
        {
            ["coreShare"] = used / wall,
            ["cycles"] = cycles,
            ["cpuMillisecondsPerCycle"] = 1000 * used / cycles,
            ["readBytes"] = after.Sum(status => status.ReadBytesTotal) - before.Sum(status => status.ReadBytesTotal),
            ["storageCoreShare"] = (ProcessReading.CpuSeconds(blobs.ProcessId) - storageCpu) / wall,
            [Figures.PeakMemoryMiB] = host.Agent.PeakMemoryMiB,
        });
    }
}
