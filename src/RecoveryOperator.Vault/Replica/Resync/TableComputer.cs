using System.Buffers;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica.Resync;

/// <summary>
/// Computes the checksums of what a replica disk holds: pages that the storage lists are read, at a moderate rate; the others are known to be zeros. Memory: one
/// buffer of 4 MiB for each read in flight, and one part of the table. What an earlier try computed of the same content is kept.
/// </summary>
internal sealed class TableComputer(ProtectionVault vault, LeaseSet leases, ReplicaApplierOptions options, TimeProvider time)
{
    private const int ReadsInFlight = 4;

    private readonly int _partBytes = options.ComputePartBytes;
    private readonly long _startedAt = time.GetTimestamp();
    private long _readBytes;

    /// <summary>Computes one disk's table. Null when another applier holds one of the blobs, or something else is to be done first.</summary>
    /// <param name="disk">The disk as the newest point has it.</param>
    /// <param name="name">Name of the table that is written.</param>
    /// <param name="mustStop">Asked after each part.</param>
    /// <param name="progress">Told the bytes of disk that are done.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<AnsweredTable?> ComputeAsync(
        PointDisk disk, string name, Func<CancellationToken, Task<bool>> mustStop, Action<long> progress, CancellationToken cancellationToken)
    {
        PageBlobClient content = vault.Replica.GetPageBlobClient(disk.Blob);
        LeasedPages table = new(vault.Log.GetPageBlobClient(name), leases);
        long tableLength = ChecksumTable.LengthOf(disk.SizeBytes);
        if (!await leases.TryAcquireAsync(content, cancellationToken) || !await table.OpenAsync(tableLength, create: true, cancellationToken))
            return null;

        ComputedSoFar soFar = await ComputedSoFar.OpenAsync(content, table, _partBytes, cancellationToken);
        await table.ClearAsync(new Extent(TableOffsetOf(soFar.ThroughBytes), tableLength - TableOffsetOf(soFar.ThroughBytes)), cancellationToken);
        table.EndTurn();
        byte[] part = new byte[TableOffsetOf(_partBytes)];
        for (long offset = soFar.ThroughBytes; offset < disk.SizeBytes; offset += _partBytes)
        {
            Extent range = new(offset, Math.Min(_partBytes, disk.SizeBytes - offset));
            part.AsSpan().Clear();
            await ComputeAsync(content, range, part, cancellationToken);
            if (!BlockChecksum.IsZero(part))
                await table.WriteAsync(TableOffsetOf(offset), part, (int)Math.Min(part.Length, tableLength - TableOffsetOf(offset)), cancellationToken);

            await soFar.AdvanceAsync(range.EndBytes, cancellationToken);
            progress(range.EndBytes);
            if (await mustStop(cancellationToken))
                return null;
            await PaceAsync(cancellationToken);
        }

        return await DescribeAsync(disk, table.Blob, cancellationToken);
    }

    /// <summary>A table as an answer names it.</summary>
    public static async Task<AnsweredTable> DescribeAsync(PointDisk disk, PageBlobClient table, CancellationToken cancellationToken)
    {
        BlobProperties standing = await StorageCall.RunAsync(
            table.Uri, async () => (await table.GetPropertiesAsync(cancellationToken: cancellationToken)).Value, cancellationToken);
        return new AnsweredTable(disk.Index, table.Name, standing.ETag.ToString(), disk.SizeBytes);
    }

    private static long TableOffsetOf(long diskOffsetBytes) => diskOffsetBytes / BlockSize.Bytes * BlockChecksum.LengthBytes;

    private async Task ComputeAsync(PageBlobClient content, Extent range, byte[] part, CancellationToken cancellationToken)
    {
        List<Extent> pieces = Pieces(await BlobRange.AllocatedAsync(content, range, cancellationToken), range.EndBytes);
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = ReadsInFlight, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(pieces, parallel, async (piece, token) =>
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent(PageWriter.MaxWriteBytes);
            try
            {
                Memory<byte> read = buffer.AsMemory(0, (int)piece.LengthBytes);
                await BlobRange.ReadAsync(content, piece.OffsetBytes, read, null, token);
                Compute(read.Span, part.AsSpan((int)((piece.OffsetBytes - range.OffsetBytes) / BlockSize.Bytes) * BlockChecksum.LengthBytes));
                Interlocked.Add(ref _readBytes, piece.LengthBytes);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        });
    }

    private static void Compute(ReadOnlySpan<byte> content, Span<byte> sums)
    {
        for (int block = 0; block * BlockSize.Bytes < content.Length; block++)
        {
            int start = block * BlockSize.Bytes;
            ReplicaChecksum.Compute(content[start..Math.Min(start + BlockSize.Bytes, content.Length)], sums[(block * BlockChecksum.LengthBytes)..]);
        }
    }

    /// <summary>Whole blocks that hold pages, neighbours together, in pieces of 4 MiB at most.</summary>
    private static List<Extent> Pieces(List<Extent> allocated, long endBytes)
    {
        List<Extent> pieces = [];
        foreach (Extent pages in allocated)
        {
            long offset = BlockSize.AlignDown(pages.OffsetBytes);
            long end = Math.Min((pages.EndBytes + BlockSize.Bytes - 1) / BlockSize.Bytes * BlockSize.Bytes, endBytes);
            if (pieces is [.., { } last] && offset <= last.EndBytes)
            {
                pieces.RemoveAt(pieces.Count - 1); // A storage may list each write by itself.
                (offset, end) = (last.OffsetBytes, Math.Max(end, last.EndBytes));
            }

            for (; offset < end; offset += PageWriter.MaxWriteBytes)
                pieces.Add(new Extent(offset, Math.Min(PageWriter.MaxWriteBytes, end - offset)));
        }

        return pieces;
    }

    private Task PaceAsync(CancellationToken cancellationToken)
    {
        TimeSpan due = TimeSpan.FromSeconds((double)_readBytes / options.ComputeBytesPerSecond);
        TimeSpan ahead = due - time.GetElapsedTime(_startedAt);
        return ahead > TimeSpan.Zero ? Task.Delay(ahead, time, cancellationToken) : Task.CompletedTask;
    }
}
