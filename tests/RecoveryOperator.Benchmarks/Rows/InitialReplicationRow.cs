using System.Diagnostics;
using System.Globalization;
using RecoveryOperator.Benchmarks.Measuring;
using RecoveryOperator.Benchmarks.Report;
using RecoveryOperator.Benchmarks.Tools;
using RecoveryOperator.Benchmarks.World;

namespace RecoveryOperator.Benchmarks.Rows;

/// <summary>A whole image for the first time: the product and azcopy to a blob service of their own each, the others to a folder.</summary>
internal sealed class InitialReplicationRow : IRow
{
    private const string Ours = "recovery-operator";
    private const string CommittedSeconds = "committedSeconds";
    private const string ReadableSeconds = "readableSeconds";

    public string Name => "initial";

    public string Title => "Initial replication";

    public bool DependsOnSize => true;

    public async Task MeasureAsync(Workshop workshop, RowResult result, int rounds, CancellationToken cancellationToken)
    {
        string image = workshop.Image(result.SizeMiB);
        result.Commands[Ours] = "recovery-agent host (Images driver), recovery-agent vault; PutProtection over gRPC";
        for (int round = 1; round <= rounds; round++)
        {
            await CopyWithAzCopyAsync(workshop, image, result, round, cancellationToken);
            result.Runs.Add(await ReplicateAsync(workshop, image, round, cancellationToken));
            foreach (Contender local in Contenders.Local(image, workshop))
            {
                await local.PrepareAsync(cancellationToken);
                Record(local, image, result, round, Figures.Of(await local.RunAsync(cancellationToken)));
                local.Remove();
            }
        }

        result.Notes.Add("azcopy and the product write to an Azurite of their own each, fresh for each round; the others to a folder. The image is in the page cache for all.");
    }

    public IEnumerable<Verdict> Judge(RowResult result)
    {
        double azcopy = result.Median(Contenders.AzCopyName, Figures.WallSeconds);
        double committed = azcopy / result.Median(Ours, CommittedSeconds);
        double readable = azcopy / result.Median(Ours, ReadableSeconds);
        double memory = result.Max(Ours, Figures.PeakMemoryMiB) / result.Max(Contenders.AzCopyName, Figures.PeakMemoryMiB);
        yield return Verdict.AtLeast("all sets committed: at least 1.5 x azcopy's rate", committed, 1.5, Text($"{committed:F2} x"));
        yield return Verdict.AtLeast("first recovery point readable: at least 1.0 x azcopy's rate", readable, 1.0, Text($"{readable:F2} x"));
        yield return Verdict.AtMost("at most a quarter of azcopy's memory", memory, 0.25, Text(
            $"{memory:F2} x ({result.Max(Ours, Figures.PeakMemoryMiB):F0} MiB, azcopy {result.Max(Contenders.AzCopyName, Figures.PeakMemoryMiB):F0} MiB)"));
    }

    public Chart? ChartOf(RowResult result) => new(
        $"Initial replication of {result.SizeMiB} MiB",
        "s",
        [
            new Bar("ours: all sets committed", result.Median(Ours, CommittedSeconds), true),
            new Bar("ours: first point readable", result.Median(Ours, ReadableSeconds), true),
            .. new[] { Contenders.AzCopyName, Contenders.RsyncName, Contenders.ResticName, Contenders.BorgName, Contenders.QemuImgName }
                .Select(name => new Bar(name, result.Median(name, Figures.WallSeconds), false)),
        ]);

    private static async Task CopyWithAzCopyAsync(Workshop workshop, string image, RowResult result, int round, CancellationToken cancellationToken)
    {
        string folder = workshop.NewFolder(Contenders.AzCopyName);
        Contender azcopy;
        await using (BlobService blobs = await BlobService.StartAsync(folder, "127.0.0.1", cancellationToken))
        {
            azcopy = await Contenders.AzCopyAsync(image, folder, blobs, cancellationToken);
            double storageCpu = ProcessReading.CpuSeconds(blobs.ProcessId);
            Dictionary<string, double> figures = Figures.Of(await azcopy.RunAsync(cancellationToken));
            figures["storageCpuSeconds"] = ProcessReading.CpuSeconds(blobs.ProcessId) - storageCpu;
            Record(azcopy, image, result, round, figures);
        }

        azcopy.Remove();
    }

    private static void Record(Contender contender, string image, RowResult result, int round, Dictionary<string, double> figures)
    {
        result.Runs.Add(new Run(contender.Name, round, figures));
        result.Commands[contender.Name] = contender.Shown(image);
    }

    private static async Task<Run> ReplicateAsync(Workshop workshop, string image, int round, CancellationToken cancellationToken)
    {
        string folder = workshop.NewFolder("ours");
        Dictionary<string, double> figures;
        await using (BlobService blobs = await BlobService.StartAsync(folder, "127.0.0.1", cancellationToken))
        {
            string machines = Path.Combine(folder, "machines");
            ImagesMachine.Create(machines, "vm", image);
            Replica replica = await Replica.ClaimAsync(blobs.Connect("initial"), "vm", cancellationToken);
            await using VaultRole vault = await VaultRole.StartAsync(Path.Combine(folder, "vault"), blobs, "initial", workshop.Certificates, cancellationToken);
            await using HostRole host = await HostRole.StartAsync(Path.Combine(folder, "host"), machines, workshop.Certificates, cancellationToken);
            (double hostCpu, double vaultCpu, double storageCpu) = (host.Agent.CpuSeconds, vault.Agent.CpuSeconds, ProcessReading.CpuSeconds(blobs.ProcessId));

            Stopwatch watch = Stopwatch.StartNew();
            await host.ProtectAsync(HostRole.Desired(replica, "vm", TimeSpan.FromHours(1)), cancellationToken);
            await host.WaitForCommitAsync(replica.Id, 1, cancellationToken);
            double committed = watch.Elapsed.TotalSeconds;
            figures = new Dictionary<string, double>
            {
                [CommittedSeconds] = committed,
                [Figures.CpuSeconds] = host.Agent.CpuSeconds - hostCpu,
                [Figures.PeakMemoryMiB] = host.Agent.PeakMemoryMiB,
                ["storageCpuSecondsCommitted"] = ProcessReading.CpuSeconds(blobs.ProcessId) - storageCpu,
            };
            await vault.WaitForAppliedAsync(replica.Id, 1, cancellationToken);
            _ = await replica.Vault.ConfirmPointAsync(1, 1, cancellationToken) ?? throw new InvalidOperationException("The first recovery point cannot be read.");
            figures[ReadableSeconds] = watch.Elapsed.TotalSeconds;
            figures["vaultAgentCpuSeconds"] = vault.Agent.CpuSeconds - vaultCpu;
            figures["vaultAgentPeakMemoryMiB"] = vault.Agent.PeakMemoryMiB;
            figures["storageCpuSeconds"] = ProcessReading.CpuSeconds(blobs.ProcessId) - storageCpu;
            figures["shippedMiB"] = (await host.StatusAsync(replica.Id, cancellationToken)).ShippedBytesTotal / 1048576.0;
        }

        Directory.Delete(folder, recursive: true);
        return new Run(Ours, round, figures);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
