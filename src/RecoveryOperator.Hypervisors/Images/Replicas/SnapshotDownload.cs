using System.Buffers;
using Microsoft.Win32.SafeHandles;
using RecoveryOperator.Hypervisors.VaultDisks;

namespace RecoveryOperator.Hypervisors.Images.Replicas;

/// <summary>
/// Downloads a disk from its snapshot in the vault, by ranges, several in flight, each retried, and compares it with the checksums of what the source read. Areas of zeros are
/// left out of the file.
/// </summary>
internal sealed class SnapshotDownload(VaultWay way)
{
    /// <summary>Bytes of one request.</summary>
    public const int RangeBytes = 4 << 20;

    /// <summary>Memory for checksums, in bytes: those of 4 GiB.</summary>
    public const int TablesBytes = 1 << 20;

    /// <summary>Retries of one range.</summary>
    public const int Retries = 3;

    private const int RequestsInFlight = 4;
    private const int SparseBytes = 64 * 1024;

    /// <summary>Fills a new file with the first <see cref="ReplicaDisk.SizeBytes"/> bytes (a VHD footer behind them is cut off); durable.</summary>
    /// <exception cref="HypervisorException">The vault does not give it; Damaged: it is not what the source read.</exception>
    public async Task ToFileAsync(ReplicaDisk disk, string path, DiskReads reads, Action<long> onReceived, CancellationToken cancellationToken)
    {
        var compared = new ComparedDisk(disk, way, reads);
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, FileOptions.Asynchronous);
        RandomAccess.SetLength(file, disk.SizeBytes);
        var ranges = (disk.SizeBytes + RangeBytes - 1) / RangeBytes;
        await Parallel.ForAsync(
            0,
            ranges,
            new ParallelOptions { MaxDegreeOfParallelism = RequestsInFlight, CancellationToken = cancellationToken },
            async (range, token) =>
            {
                var offset = range * RangeBytes;
                var lengthBytes = (int)Math.Min(RangeBytes, disk.SizeBytes - offset);
                var buffer = ArrayPool<byte>.Shared.Rent(lengthBytes);
                try
                {
                    var content = buffer.AsMemory(0, lengthBytes);
                    var bad = await compared.ReadAsync(offset, content, token);
                    if (bad != 0) throw compared.Damage(offset + DamagedChunkException.FirstOf(bad));
                    await WriteSparseAsync(file, offset, content, token);
                    onReceived(lengthBytes);
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            });
        RandomAccess.FlushToDisk(file);
    }

    private static async Task WriteSparseAsync(SafeFileHandle file, long offset, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        for (var start = 0; start < content.Length;)
        {
            var end = start;
            while (end < content.Length && content.Span[end..Math.Min(end + SparseBytes, content.Length)].ContainsAnyExcept((byte)0))
            {
                end = Math.Min(end + SparseBytes, content.Length);
            }

            if (end > start)
            {
                await RandomAccess.WriteAsync(file, content[start..end], offset + start, cancellationToken);
            }

            start = end + SparseBytes;
        }
    }
}
