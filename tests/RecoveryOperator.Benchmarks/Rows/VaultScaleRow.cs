using System.Diagnostics;
using System.Globalization;
using RecoveryOperator.Benchmarks.Content;
using RecoveryOperator.Benchmarks.Measuring;
using RecoveryOperator.Benchmarks.Report;
using RecoveryOperator.Benchmarks.World;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Benchmarks.Rows;

/// <summary>A backlog of small sets of several machines, applied by 1, 2 and 4 vault agents.</summary>
internal sealed class VaultScaleRow : IRow
{
    private const int Machines = 8;
    private const int Sets = 16;
    private const int DiskMiB = 64;
    private const int BlocksPerSet = 16;
    private const double RoundSeconds = 1;

    private static readonly int[] _agents = [1, 2, 4];

    public string Name => "vault-agents";

    public string Title => "Sets applied by 1, 2 and 4 vault agents";

    public bool DependsOnSize => false;

    public async Task MeasureAsync(Workshop workshop, RowResult result, int rounds, CancellationToken cancellationToken)
    {
        for (int round = 1; round <= rounds; round++)
        {
            foreach (int agents in _agents)
                result.Runs.Add(new Run(NameOf(agents), round, await MeasureAsync(workshop, agents, cancellationToken)));
        }

        result.Commands["recovery-operator"] = string.Create(CultureInfo.InvariantCulture,
            $"recovery-agent vault, started on a backlog of {Machines} machines with {Sets} sets of {BlocksPerSet} random blocks each (1 MiB); all on one Azurite");
    }

    public IEnumerable<Verdict> Judge(RowResult result) => _agents.Select(agents => new Verdict(
        $"{NameOf(agents)}: sets a second and CPU for each",
        string.Create(CultureInfo.InvariantCulture,
            $"{result.Median(NameOf(agents), "setsPerSecond"):F1} sets/s, {result.Median(NameOf(agents), "cpuMillisecondsPerSet"):F0} ms CPU for each"),
        null));

    public Chart? ChartOf(RowResult result) => new(
        "Sets applied a second", "sets/s", [.. _agents.Select(agents => new Bar(NameOf(agents), result.Median(NameOf(agents), "setsPerSecond"), true))]);

    private static string NameOf(int agents) => agents == 1 ? "1 vault agent" : $"{agents} vault agents";

    private static async Task<Dictionary<string, double>> MeasureAsync(Workshop workshop, int agents, CancellationToken cancellationToken)
    {
        string folder = workshop.NewFolder("vault-agents");
        Dictionary<string, double> figures;
        await using (BlobService blobs = await BlobService.StartAsync(folder, "127.0.0.1", cancellationToken))
        {
            IReadOnlyList<ProtectedMachine> machines = await CommitAsync(workshop, folder, blobs, cancellationToken);
            double storageCpu = ProcessReading.CpuSeconds(blobs.ProcessId);
            List<VaultRole> vaults = [];
            try
            {
                Stopwatch watch = Stopwatch.StartNew();
                vaults.AddRange(await Task.WhenAll(Enumerable.Range(1, agents).Select(number =>
                    VaultRole.StartAsync(Path.Combine(folder, $"vault-{number}"), blobs, "", workshop.Certificates, cancellationToken, RoundSeconds))));
                await Task.WhenAll(machines.Select(machine => WaitForAsync(machine, Sets + 1, cancellationToken)));
                double wall = watch.Elapsed.TotalSeconds;
                double sets = Machines * (Sets + 1);
                figures = new Dictionary<string, double>
                {
                    [Figures.WallSeconds] = wall,
                    ["setsPerSecond"] = sets / wall,
                    ["cpuMillisecondsPerSet"] = 1000 * vaults.Sum(vault => vault.Agent.CpuSeconds) / sets,
                    ["storageCpuMillisecondsPerSet"] = 1000 * (ProcessReading.CpuSeconds(blobs.ProcessId) - storageCpu) / sets,
                    [Figures.PeakMemoryMiB] = vaults.Max(vault => vault.Agent.PeakMemoryMiB),
                };
            }
            finally
            {
                foreach (VaultRole vault in vaults)
                    await vault.DisposeAsync();
            }
        }

        Directory.Delete(folder, recursive: true);
        return figures;
    }

    private static async Task<IReadOnlyList<ProtectedMachine>> CommitAsync(
        Workshop workshop, string folder, BlobService blobs, CancellationToken cancellationToken)
    {
        string root = Path.Combine(folder, "machines");
        Directory.CreateDirectory(root);
        await using HostRole host = await HostRole.StartSimulatedAsync(Path.Combine(folder, "host"), root, workshop.Certificates, cancellationToken);
        return await Task.WhenAll(Enumerable.Range(0, Machines).Select(async number =>
        {
            string image = Path.Combine(folder, $"disk-{number}.raw");
            BenchmarkImage.Create(image, DiskMiB * 1048576L, Workshop.Seed + number);
            ProtectedMachine machine = await ProtectedMachine.ReplicateAsync(
                host, blobs, root, $"vm-{number}", image, TimeSpan.FromHours(1), cancellationToken);
            for (int set = 1; set <= Sets; set++)
            {
                IReadOnlyList<Extent> blocks = RandomBlocks.Choose(DiskMiB * 1048576L, BlocksPerSet / (DiskMiB * 16.0), (100 * number) + set);
                RandomBlocks.Overwrite(image, blocks, set);
                machine.Tell(blocks);
                await host.CutAsync(machine.Replica.Id, cancellationToken);
            }

            return machine;
        }));
    }

    private static async Task WaitForAsync(ProtectedMachine machine, long sequence, CancellationToken cancellationToken)
    {
        while (await machine.Replica.Vault.ReadAppliedAsync(cancellationToken) is not { } applied || applied.Sequence < sequence)
        {
            if ((await machine.Replica.Vault.ReadAppliedAsync(cancellationToken))?.Damage is { } damage)
                throw new InvalidOperationException($"A set is damaged: {damage}");
            await Task.Delay(250, cancellationToken);
        }
    }
}
