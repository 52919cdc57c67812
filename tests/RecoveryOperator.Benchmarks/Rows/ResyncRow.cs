using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Benchmarks.Content;
using RecoveryOperator.Benchmarks.Measuring;
using RecoveryOperator.Benchmarks.Report;
using RecoveryOperator.Benchmarks.World;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.DataPath.Spool;

namespace RecoveryOperator.Benchmarks.Rows;

/// <summary>The source's side of a resynchronization with one block in a hundred different, beside reading and checksumming the same bytes on all cores.</summary>
internal sealed class ResyncRow : IRow
{
    private const string Ours = "recovery-operator";
    private const string Bare = "read and checksum";
    private const int ChunkBytes = 1024 * 1024;
    private const int OneDiffersIn = 100;

    public string Name => "resync";

    public string Title => "Resynchronization, 1% different";

    public bool DependsOnSize => true;

    public async Task MeasureAsync(Workshop workshop, RowResult result, int rounds, CancellationToken cancellationToken)
    {
        using ImageReader image = new(workshop.Image(result.SizeMiB));
        byte[] table = new byte[BlockSize.Count(image.SizeBytes) * BlockChecksum.LengthBytes];
        for (int round = 0; round <= rounds; round++)
        {
            double bare = await TimeAsync(() => ChecksumAsync(image, table, cancellationToken));
            byte[] known = Known(table);
            for (int block = 0; block < known.Length / BlockChecksum.LengthBytes; block += OneDiffersIn)
                known[block * BlockChecksum.LengthBytes] ^= 1;
            CapturedDisk captured = null!;
            string spool = workshop.NewFolder("resync");
            double compared = await TimeAsync(async () => captured = await CompareAsync(image, known, spool, cancellationToken));
            Directory.Delete(spool, recursive: true);

            // The first round warms page cache and compiled code up.
            if (round == 0)
                continue;
            result.Runs.Add(new Run(Bare, round, new Dictionary<string, double> { [Figures.WallSeconds] = bare }));
            result.Runs.Add(new Run(Ours, round, new Dictionary<string, double>
            {
                [Figures.WallSeconds] = compared,
                ["recordedBlocks"] = captured.RecordedBytes / BlockSize.Bytes,
                ["differentBlocks"] = (known.Length / BlockChecksum.LengthBytes + OneDiffersIn - 1) / OneDiffersIn,
            }));
        }

        result.Commands[Ours] = "the capture of the product's data path with known checksums, its segments flushed to a spool";
        result.Commands[Bare] = "the same bytes read in 1 MiB pieces and each block's XXH128 computed, on all cores";
        result.Notes.Add("Both sides of the resynchronization row run within the benchmark's process.");
    }

    public IEnumerable<Verdict> Judge(RowResult result)
    {
        double ratio = result.Median(Ours, Figures.WallSeconds) / result.Median(Bare, Figures.WallSeconds);
        double extra = result.Max(Ours, "recordedBlocks") - result.Max(Ours, "differentBlocks");
        yield return Verdict.AtMost(
            "source side within 1.3 x of reading and checksumming the same bytes on all cores",
            ratio,
            1.3,
            string.Create(CultureInfo.InvariantCulture, $"{ratio:F2} x ({result.Median(Ours, Figures.WallSeconds):F2} s, bare {result.Median(Bare, Figures.WallSeconds):F2} s)"));
        yield return Verdict.AtMost(
            "no unchanged block shipped",
            extra,
            0,
            string.Create(CultureInfo.InvariantCulture, $"{extra:F0} of {result.Max(Ours, "recordedBlocks"):F0} blocks"));
    }

    public Chart? ChartOf(RowResult result) => new(
        $"Resynchronization of {result.SizeMiB} MiB, 1% different: the source's side",
        "s",
        [new Bar("ours: compare and log", result.Median(Ours, Figures.WallSeconds), true), new Bar(Bare, result.Median(Bare, Figures.WallSeconds), false)]);

    /// <summary>The table as the vault agent keeps it: a block of zeros has zeros for its checksum.</summary>
    private static byte[] Known(byte[] table)
    {
        byte[] ofZeros = new byte[BlockChecksum.LengthBytes];
        BlockChecksum.ComputeAll(new byte[BlockSize.Bytes], ofZeros);
        byte[] known = [.. table];
        for (int at = 0; at < known.Length; at += BlockChecksum.LengthBytes)
        {
            Span<byte> entry = known.AsSpan(at, BlockChecksum.LengthBytes);
            if (entry.SequenceEqual(ofZeros))
                entry.Clear();
        }

        return known;
    }

    private static async Task<double> TimeAsync(Func<Task> work)
    {
        Stopwatch watch = Stopwatch.StartNew();
        await work();
        return watch.Elapsed.TotalSeconds;
    }

    private static Task ChecksumAsync(ImageReader image, byte[] table, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        Enumerable.Range(0, (int)((image.SizeBytes + ChunkBytes - 1) / ChunkBytes)),
        new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken },
        async (chunk, token) =>
        {
            long offset = (long)chunk * ChunkBytes;
            byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
            int length = (int)Math.Min(ChunkBytes, image.SizeBytes - offset);
            await image.ReadAsync(offset, buffer.AsMemory(0, length), token);
            BlockChecksum.ComputeAll(buffer.AsSpan(0, length), table.AsSpan((int)(offset / BlockSize.Bytes * BlockChecksum.LengthBytes)));
            ArrayPool<byte>.Shared.Return(buffer);
        });

    private static Task<CapturedDisk> CompareAsync(ImageReader image, byte[] known, string spool, CancellationToken cancellationToken)
    {
        KnownChecksumWindow window = new(known.Length, (offset, buffer, _) =>
        {
            known.AsMemory((int)offset, buffer.Length).CopyTo(buffer);
            return Task.CompletedTask;
        });
        SegmentIdentity identity = new(ProtectionId.Compute("benchmark", "benchmark", "vm"), 1, 1, Guid.NewGuid(), 0, 0);
        return new DiskCapture(NullLogger<DiskCapture>.Instance).RunAsync(
            image,
            new[] { new Extent(0, image.SizeBytes) }.ToAsyncEnumerable(),
            new CaptureRequest(identity) { Known = window },
            new FileSegmentSpool(spool, durable: false),
            null,
            cancellationToken);
    }
}
