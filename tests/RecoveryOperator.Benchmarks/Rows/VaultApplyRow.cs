using System.Diagnostics;
using System.Globalization;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Sas;
using RecoveryOperator.Benchmarks.Content;
using RecoveryOperator.Benchmarks.Measuring;
using RecoveryOperator.Benchmarks.Report;
using RecoveryOperator.Benchmarks.Tools;
using RecoveryOperator.Benchmarks.World;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Benchmarks.Rows;

/// <summary>A large delta (half of the image, blocks at random; 1 GiB of 2 GiB) applied by a vault agent, and the same pages written by a bare client.</summary>
internal sealed class VaultApplyRow : IRow
{
    private const string Ours = "vault agent";
    private const string Bare = "bare client";
    private const int WritesInFlight = 4;

    public string Name => "vault-apply";

    public string Title => "A large delta applied by the vault agent";

    public bool DependsOnSize => false;

    public async Task MeasureAsync(Workshop workshop, RowResult result, int rounds, CancellationToken cancellationToken)
    {
        long sizeBytes = result.SizeMiB * 1048576L;
        string image = workshop.OwnImage(result.SizeMiB);
        string folder = workshop.NewFolder("apply");
        await using (BlobService blobs = await BlobService.StartAsync(folder, "127.0.0.1", cancellationToken))
        {
            string machines = Path.Combine(folder, "machines");
            Uri bare = await PreparePagesAsync(blobs, image, folder, sizeBytes, cancellationToken);
            await using HostRole host = await HostRole.StartSimulatedAsync(Path.Combine(folder, "host"), machines, workshop.Certificates, cancellationToken);
            await using VaultRole vault = await VaultRole.StartAsync(Path.Combine(folder, "vault"), blobs, "", workshop.Certificates, cancellationToken);
            ProtectedMachine machine = await ProtectedMachine.ReplicateAsync(
                host, blobs, machines, "vm", image, TimeSpan.FromHours(1), cancellationToken);
            await vault.WaitForAppliedAsync(machine.Replica.Id, 1, cancellationToken);
            for (int round = 1; round <= rounds; round++)
            {
                List<Extent> blocks = Merge(RandomBlocks.Choose(sizeBytes, 0.5, Workshop.Seed + round));
                RandomBlocks.Overwrite(image, blocks.SelectMany(Blocks), Workshop.Seed + round);
                machine.Tell(blocks);
                double deltaMiB = blocks.Sum(block => block.LengthBytes) / 1048576.0;
                result.Runs.Add(new Run(Bare, round, await WritePagesAsync(bare, blobs, image, folder, blocks, deltaMiB, cancellationToken)));
                await host.CutAsync(machine.Replica.Id, cancellationToken);
                result.Runs.Add(new Run(Ours, round, await ApplyAsync(vault, blobs, machine, round + 1, deltaMiB, cancellationToken)));
            }
        }

        Directory.Delete(folder, recursive: true);
        File.Delete(image);
        result.Commands[Ours] = "recovery-agent vault; from the commit of the set to its recovery point";
        result.Commands[Bare] = $"write-pages URL?SAS IMAGE RANGES {WritesInFlight}";
    }

    public IEnumerable<Verdict> Judge(RowResult result)
    {
        double ratio = result.Median(Ours, "mibPerSecond") / result.Median(Bare, "mibPerSecond");
        yield return Verdict.AtLeast(
            "a 1 GiB delta applied at 0.8 x the rate at which the storage takes the same pages from a bare client, or more",
            ratio,
            0.8,
            string.Create(CultureInfo.InvariantCulture,
                $"{ratio:F2} x ({result.Median(Ours, "mibPerSecond"):F0} MiB/s, bare client {result.Median(Bare, "mibPerSecond"):F0} MiB/s, {result.Median(Ours, "deltaMiB"):F0} MiB)"));
    }

    public Chart? ChartOf(RowResult result) => new(
        $"A delta of {result.Median(Ours, "deltaMiB"):F0} MiB applied",
        "MiB/s",
        [new Bar("ours: vault agent", result.Median(Ours, "mibPerSecond"), true), new Bar(Bare, result.Median(Bare, "mibPerSecond"), false)]);

    private static async Task<Dictionary<string, double>> ApplyAsync(
        VaultRole vault, BlobService blobs, ProtectedMachine machine, long sequence, double deltaMiB, CancellationToken cancellationToken)
    {
        (double cpu, double storageCpu) = (vault.Agent.CpuSeconds, ProcessReading.CpuSeconds(blobs.ProcessId));
        Stopwatch watch = Stopwatch.StartNew();
        await vault.WaitForAppliedAsync(machine.Replica.Id, sequence, cancellationToken);
        double wall = watch.Elapsed.TotalSeconds;
        return new Dictionary<string, double>
        {
            [Figures.WallSeconds] = wall,
            ["mibPerSecond"] = deltaMiB / wall,
            ["deltaMiB"] = deltaMiB,
            [Figures.CpuSeconds] = vault.Agent.CpuSeconds - cpu,
            ["storageCpuSeconds"] = ProcessReading.CpuSeconds(blobs.ProcessId) - storageCpu,
            [Figures.PeakMemoryMiB] = vault.Agent.PeakMemoryMiB,
        };
    }

    /// <summary>A page blob with the image's content and a snapshot, as a replica is.</summary>
    private static async Task<Uri> PreparePagesAsync(BlobService blobs, string image, string folder, long sizeBytes, CancellationToken cancellationToken)
    {
        BlobContainerClient container = new(
            new Uri($"{blobs.Endpoint.ToString().TrimEnd('/')}/bare"), new StorageSharedKeyCredential(blobs.AccountName, blobs.AccountKey));
        await container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        PageBlobClient blob = container.GetPageBlobClient("disk.vhd");
        await blob.CreateAsync(sizeBytes, cancellationToken: cancellationToken);
        Uri target = blob.GenerateSasUri(BlobSasPermissions.All, DateTimeOffset.UtcNow.AddDays(1));
        await WriteAsync(target, image, folder, [new Extent(0, sizeBytes)], cancellationToken);
        await blob.CreateSnapshotAsync(cancellationToken: cancellationToken);
        return target;
    }

    private static async Task<Dictionary<string, double>> WritePagesAsync(
        Uri target, BlobService blobs, string image, string folder, IReadOnlyList<Extent> ranges, double deltaMiB, CancellationToken cancellationToken)
    {
        double storageCpu = ProcessReading.CpuSeconds(blobs.ProcessId);
        ProcessUse use = await WriteAsync(target, image, folder, ranges, cancellationToken);
        Dictionary<string, double> figures = Figures.Of(use);
        figures["mibPerSecond"] = deltaMiB / use.WallSeconds;
        figures["storageCpuSeconds"] = ProcessReading.CpuSeconds(blobs.ProcessId) - storageCpu;
        return figures;
    }

    private static async Task<ProcessUse> WriteAsync(
        Uri target, string image, string folder, IReadOnlyList<Extent> ranges, CancellationToken cancellationToken)
    {
        string list = Path.Combine(folder, "ranges");
        await File.WriteAllLinesAsync(list, ranges.Select(range => string.Create(CultureInfo.InvariantCulture, $"{range.OffsetBytes} {range.LengthBytes}")), cancellationToken);
        return await TimedCommand.RunAsync(
            [Programs.Self, PageWriteCommand.Name, target.ToString(), image, list, WritesInFlight.ToString(CultureInfo.InvariantCulture)],
            new Dictionary<string, string>(),
            folder,
            cancellationToken);
    }

    private static List<Extent> Merge(IReadOnlyList<Extent> blocks)
    {
        List<Extent> merged = [];
        foreach (Extent block in blocks)
        {
            if (merged.Count > 0 && merged[^1].EndBytes == block.OffsetBytes)
                merged[^1] = merged[^1] with { LengthBytes = merged[^1].LengthBytes + block.LengthBytes };
            else
                merged.Add(block);
        }

        return merged;
    }

    private static IEnumerable<Extent> Blocks(Extent range)
    {
        for (long offset = range.OffsetBytes; offset < range.EndBytes; offset += BlockSize.Bytes)
            yield return new Extent(offset, BlockSize.Bytes);
    }
}
