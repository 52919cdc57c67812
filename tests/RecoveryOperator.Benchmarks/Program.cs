using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Benchmarks;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Apply;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Spool;

// Throughput of the data path beside plain tools on the same image, in the same run (the page cache is warm for all):
//   dotnet run -c Release --project tests/RecoveryOperator.Benchmarks -- [MiB, default 1024]
int sizeMiB = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1024;
long sizeBytes = sizeMiB * 1024L * 1024;
const int Seed = 20;
string folder = Directory.CreateTempSubdirectory("recovery-benchmark-").FullName;
try
{
    string image = Path.Combine(folder, "source.img");
    SourceImage.Create(image, sizeBytes, Seed);
    Console.WriteLine($"{sizeMiB} MiB, each block half compressible (seed {Seed}), {Environment.ProcessorCount} processors, {folder}");
    Console.WriteLine(Measurement.Header);

    string copy = Path.Combine(folder, "copy.img");
    Show(await Measurement.TakeAsync("cp + sync", sizeBytes, async () =>
        await ForeignTool.RunAsync("cp", "--reflink=never", image, copy) + await ForeignTool.RunAsync("sync", copy)));
    File.Delete(copy);

    string packed = Path.Combine(folder, "source.zst");
    Show(await Measurement.TakeAsync("zstd -1 -T0 + sync", sizeBytes, async () =>
        await ForeignTool.RunAsync("zstd", "-1", "-T0", "-q", image, "-o", packed) + await ForeignTool.RunAsync("sync", packed) is { Length: > 0 } fault
            ? fault
            : Ratio(new FileInfo(packed).Length)));
    string unpacked = Path.Combine(folder, "unpacked.img");
    Show(await Measurement.TakeAsync("zstd -d + sync", sizeBytes, async () =>
        await ForeignTool.RunAsync("zstd", "-d", "-q", packed, "-o", unpacked) + await ForeignTool.RunAsync("sync", unpacked)));
    File.Delete(unpacked);
    File.Delete(packed);

    SegmentIdentity identity = new(ProtectionId.Compute("benchmark", "benchmark", "vm"), 1, 1, Guid.NewGuid(), 0, 0);
    CapturedDisk captured = null!;
    for (int round = 1; round <= 2; round++)
    {
        FileSegmentSpool spool = new(Path.Combine(folder, $"spool-{round}"));
        using SourceImage source = new(image);
        Show(await Measurement.TakeAsync($"capture (durable), round {round}", sizeBytes, async () =>
        {
            captured = await new DiskCapture(NullLogger<DiskCapture>.Instance).RunAsync(
                source, new[] { new Extent(0, sizeBytes) }.ToAsyncEnumerable(), new CaptureRequest(identity), spool, null, CancellationToken.None);
            return $"{Ratio(captured.StoredBytes)}, {captured.Segments.Count} segments";
        }));
    }

    for (int round = 1; round <= 2; round++)
    {
        string replicaPath = Path.Combine(folder, $"replica-{round}.img");
        using FileReplica replica = new(replicaPath, sizeBytes);
        Show(await Measurement.TakeAsync($"read back, verify, apply, round {round}", sizeBytes, () => ApplyAsync(replica)));
    }

    await ResyncComparison.RunAsync(image, folder, identity, Show);

    string same = await ForeignTool.RunAsync("cmp", image, Path.Combine(folder, "replica-2.img"));
    Console.WriteLine(same.Length == 0 ? "The replica equals the source (cmp)." : $"The replica differs: {same}");
    Console.WriteLine($"Peak memory of this process: {System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64 / 1048576} MiB");
    return same.Length == 0 ? 0 : 1;

    async Task<string> ApplyAsync(FileReplica replica)
    {
        byte[] buffer = new byte[ChangeLogConstants.MaxSegmentLengthBytes];
        SegmentApplier applier = new(writesInFlight: 4);
        foreach (SpooledSegment segment in captured.Segments)
        {
            Memory<byte> content = await SpooledSegmentReader.ReadVerifiedAsync(segment, buffer, CancellationToken.None);
            await applier.ApplyAsync(content, identity with { Segment = segment.Segment }, replica, CancellationToken.None);
        }

        return "";
    }
}
finally
{
    Directory.Delete(folder, recursive: true);
}

string Ratio(long storedBytes) => string.Create(CultureInfo.InvariantCulture, $"stored {100.0 * storedBytes / sizeBytes:F1}%");

static void Show(Measurement measurement) => Console.WriteLine(measurement);
