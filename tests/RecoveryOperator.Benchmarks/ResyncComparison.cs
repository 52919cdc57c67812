using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Spool;

namespace RecoveryOperator.Benchmarks;

/// <summary>The source's side of a resynchronization with one block in a hundred different, beside reading and checksumming the same bytes on all cores.</summary>
internal static class ResyncComparison
{
    private const int ChunkBytes = 1024 * 1024;

    /// <summary>Measures both, twice, and shows the ratio of the better rounds.</summary>
    public static async Task RunAsync(string image, string folder, SegmentIdentity identity, Action<Measurement> show)
    {
        using SourceImage source = new(image);
        byte[] table = new byte[BlockSize.Count(source.SizeBytes) * BlockChecksum.LengthBytes];
        List<double> bare = [];
        List<double> compared = [];
        for (int round = 1; round <= 3; round++)
        {
            Measurement measured = await Measurement.TakeAsync($"read + checksum, all cores, {round}", source.SizeBytes, () => ChecksumAsync(source, table));
            show(measured);
            bare.Add(measured.Time.TotalSeconds);

            byte[] known = [.. table];
            for (int block = 0; block < known.Length / BlockChecksum.LengthBytes; block += 100)
                known[block * BlockChecksum.LengthBytes] ^= 1;
            measured = await Measurement.TakeAsync($"resync, 1% differs, {round}", source.SizeBytes, () => CompareAsync(source, known, Path.Combine(folder, $"resync-{round}"), identity));
            show(measured);
            compared.Add(measured.Time.TotalSeconds);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"A resynchronization takes {compared.Min() / bare.Min():F2} x reading and checksumming (goal: at most 1.3)."));
    }

    private static async Task<string> ChecksumAsync(SourceImage source, byte[] table)
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(0, (int)((source.SizeBytes + ChunkBytes - 1) / ChunkBytes)),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
            async (chunk, token) =>
            {
                long offset = (long)chunk * ChunkBytes;
                byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(ChunkBytes);
                int length = (int)Math.Min(ChunkBytes, source.SizeBytes - offset);
                await source.ReadAsync(offset, buffer.AsMemory(0, length), token);
                BlockChecksum.ComputeAll(buffer.AsSpan(0, length), table.AsSpan((int)(offset / BlockSize.Bytes * BlockChecksum.LengthBytes)));
                System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
            });
        return "";
    }

    private static async Task<string> CompareAsync(SourceImage source, byte[] known, string folder, SegmentIdentity identity)
    {
        KnownChecksumWindow window = new(known.Length, (offset, buffer, _) =>
        {
            known.AsMemory((int)offset, buffer.Length).CopyTo(buffer);
            return Task.CompletedTask;
        });
        CapturedDisk captured = await new DiskCapture(NullLogger<DiskCapture>.Instance).RunAsync(
            source,
            new[] { new Extent(0, source.SizeBytes) }.ToAsyncEnumerable(),
            new CaptureRequest(identity) { Known = window },
            new FileSegmentSpool(folder),
            null,
            CancellationToken.None);
        long different = (BlockSize.Count(source.SizeBytes) + 99) / 100 * BlockSize.Bytes;
        return string.Create(CultureInfo.InvariantCulture, $"recorded {captured.RecordedBytes} bytes, {different} differ");
    }
}
