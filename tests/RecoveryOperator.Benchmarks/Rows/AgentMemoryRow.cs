using System.Globalization;
using RecoveryOperator.Benchmarks.Measuring;
using RecoveryOperator.Benchmarks.Report;
using RecoveryOperator.Benchmarks.World;

namespace RecoveryOperator.Benchmarks.Rows;

/// <summary>Peak memory of the delivered host agent while it copies one and four disks at a time.</summary>
internal sealed class AgentMemoryRow : IRow
{
    private const double BaseMiB = 256;
    private const double PerDiskMiB = 16;

    private static readonly int[] _disks = [1, 4];

    public string Name => "memory";

    public string Title => "Agent memory";

    public bool DependsOnSize => true;

    public async Task MeasureAsync(Workshop workshop, RowResult result, int rounds, CancellationToken cancellationToken)
    {
        string image = workshop.Image(result.SizeMiB);
        foreach (int disks in _disks)
            result.Runs.Add(new Run(NameOf(disks), 1, await MeasureAsync(workshop, image, disks, cancellationToken)));
        result.Commands["recovery-operator"] = "recovery-agent host (Images driver): initial replication of 1 and of 4 machines at once, their image the same file";
    }

    public IEnumerable<Verdict> Judge(RowResult result) => _disks.Select(disks =>
    {
        double peak = result.Max(NameOf(disks), Figures.PeakMemoryMiB);
        double limit = BaseMiB + (PerDiskMiB * disks);
        return Verdict.AtMost(
            string.Create(CultureInfo.InvariantCulture, $"{NameOf(disks)} in flight: under {limit:F0} MiB (256 + 16 for each)"),
            peak,
            limit,
            string.Create(CultureInfo.InvariantCulture, $"{peak:F0} MiB"));
    });

    public Chart? ChartOf(RowResult result) => null;

    private static string NameOf(int disks) => disks == 1 ? "1 disk" : $"{disks} disks";

    private static async Task<Dictionary<string, double>> MeasureAsync(Workshop workshop, string image, int disks, CancellationToken cancellationToken)
    {
        string folder = workshop.NewFolder("memory");
        Dictionary<string, double> figures;
        await using (BlobService blobs = await BlobService.StartAsync(folder, "127.0.0.1", cancellationToken))
        {
            string machines = Path.Combine(folder, "machines");
            Directory.CreateDirectory(machines);
            await using HostRole host = await HostRole.StartAsync(Path.Combine(folder, "host"), machines, workshop.Certificates, cancellationToken);
            double before = host.Agent.PeakMemoryMiB;
            await Task.WhenAll(Enumerable.Range(1, disks).Select(number => ProtectedMachine.ReplicateAsync(
                host, blobs, machines, $"vm-{number}", image, TimeSpan.FromHours(1), cancellationToken)));
            figures = new Dictionary<string, double>
            {
                ["idleMemoryMiB"] = before,
                [Figures.PeakMemoryMiB] = host.Agent.PeakMemoryMiB,
            };
        }

        Directory.Delete(folder, recursive: true);
        return figures;
    }
}
