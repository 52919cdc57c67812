using System.Diagnostics;
using System.Globalization;
using RecoveryOperator.Benchmarks.Content;
using RecoveryOperator.Benchmarks.Measuring;
using RecoveryOperator.Benchmarks.Report;
using RecoveryOperator.Benchmarks.Tools;
using RecoveryOperator.Benchmarks.World;
using RecoveryOperator.DataPath;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Benchmarks.Rows;

/// <summary>1% of the blocks changed at random: each contender brings its copy up to date. Ours is told by the tracker what changed, as a hypervisor tells.</summary>
internal sealed class DeltaRow : IRow
{
    private const string Ours = "recovery-operator";
    private const double ChangedShare = 0.01;

    /// <summary>Larger images are compared with rsync alone: the others copy or read all of it, for many minutes.</summary>
    private const int LargestForAllMiB = 4096;

    public string Name => "delta";

    public string Title => "Delta, 1% of 64 KiB blocks changed at random";

    public bool DependsOnSize => true;

    public async Task MeasureAsync(Workshop workshop, RowResult result, int rounds, CancellationToken cancellationToken)
    {
        string image = workshop.OwnImage(result.SizeMiB);
        string folder = workshop.NewFolder(Ours);
        IReadOnlyList<Contender> others = result.SizeMiB > LargestForAllMiB ? [Contenders.Rsync(image, workshop)] : Contenders.Local(image, workshop);
        foreach (Contender other in others)
        {
            await other.PrepareAsync(cancellationToken);
            await other.RunAsync(cancellationToken);
            result.Commands[other.Name] = other.Shown(image);
        }

        await using (BlobService blobs = await BlobService.StartAsync(folder, "127.0.0.1", cancellationToken))
        {
            string machines = Path.Combine(folder, "machines");
            await using HostRole host = await HostRole.StartSimulatedAsync(Path.Combine(folder, "host"), machines, workshop.Certificates, cancellationToken);
            ProtectedMachine machine =
                await ProtectedMachine.ReplicateAsync(host, blobs, machines, "vm", image, TimeSpan.FromHours(1), cancellationToken);
            for (int round = 1; round <= rounds; round++)
            {
                IReadOnlyList<Extent> blocks = RandomBlocks.Choose(result.SizeMiB * 1048576L, ChangedShare, Workshop.Seed + round);
                RandomBlocks.Overwrite(image, blocks, Workshop.Seed + round);
                machine.Tell(blocks);
                foreach (Contender other in others)
                    result.Runs.Add(new Run(other.Name, round, Figures.Of(await other.RunAsync(cancellationToken))));
                result.Runs.Add(await CutAsync(host, machine, round, cancellationToken));
            }
        }

        foreach (Contender other in others)
            other.Remove();
        Directory.Delete(folder, recursive: true);
        File.Delete(image);
        result.Commands[Ours] = "the host role over a simulated hypervisor that is told the changed extents; CutNow over gRPC, until it is committed in Azurite";
    }

    public IEnumerable<Verdict> Judge(RowResult result)
    {
        double time = result.Median(Ours, Figures.WallSeconds) / result.Median(Contenders.RsyncName, Figures.WallSeconds);
        double bytes = result.Max(Ours, "shippedOverChanged");
        yield return Verdict.AtMost(
            "extents given by the tracker, from cut to committed: under 0.1 x rsync's time",
            time,
            0.1,
            Text($"{time:F3} x ({result.Median(Ours, Figures.WallSeconds):F2} s, rsync {result.Median(Contenders.RsyncName, Figures.WallSeconds):F2} s)"));
        yield return Verdict.AtMost("bytes shipped at most 1.05 x the changed bytes before compression", bytes, 1.05, Text($"{bytes:F4} x"));
    }

    public Chart? ChartOf(RowResult result) => new(
        $"Delta: 1% of {result.SizeMiB} MiB changed at random",
        "s",
        [
            new Bar("ours: cut to committed", result.Median(Ours, Figures.WallSeconds), true),
            .. new[] { Contenders.RsyncName, Contenders.ResticName, Contenders.BorgName, Contenders.QemuImgName }
                .Select(name => new Bar(name, result.Median(name, Figures.WallSeconds), false)),
        ]);

    private static async Task<Run> CutAsync(HostRole host, ProtectedMachine machine, int round, CancellationToken cancellationToken)
    {
        ProtectionStatus before = await host.StatusAsync(machine.Replica.Id, cancellationToken);
        double cpu = host.Agent.CpuSeconds;
        Stopwatch watch = Stopwatch.StartNew();
        await host.CutAsync(machine.Replica.Id, cancellationToken);
        double wall = watch.Elapsed.TotalSeconds;
        ProtectionStatus after = await host.StatusAsync(machine.Replica.Id, cancellationToken);
        double changed = after.ChangedBytesTotal - before.ChangedBytesTotal;
        return new Run(Ours, round, new Dictionary<string, double>
        {
            [Figures.WallSeconds] = wall,
            [Figures.CpuSeconds] = host.Agent.CpuSeconds - cpu,
            [Figures.PeakMemoryMiB] = host.Agent.PeakMemoryMiB,
            ["changedMiB"] = changed / 1048576.0,
            ["shippedOverChanged"] = (after.ShippedBytesTotal - before.ShippedBytesTotal) / changed,
        });
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
