using System.Buffers;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Vhd;

namespace RecoveryOperator.Vault.Replica.Rollback;

/// <summary>
/// Brings one replica disk back to what a point holds (docs/resync.md, "Rolling back to a point"). Memory: two buffers of 4 MiB for each request in flight, and
/// one chunk of each table.
/// </summary>
/// <param name="vault">The replica.</param>
/// <param name="leases">Leases of the disk and its table.</param>
/// <param name="target">The disk in the point.</param>
/// <param name="always">Blocks that are restored whatever the tables say.</param>
/// <param name="requestsInFlight">Blocks restored at a time.</param>
internal sealed class DiskRollback(ProtectionVault vault, LeaseSet leases, PointDisk target, BlockSet always, int requestsInFlight)
{
    /// <summary>Bytes of a table that are handled at a time.</summary>
    private const int ChunkBytes = 64 * 1024;

    private const int ChunkBlocks = ChunkBytes / BlockChecksum.LengthBytes;
    private const long ChunkDiskBytes = (long)ChunkBlocks * BlockSize.Bytes;

    private readonly LeasedPages _content = new(vault.Replica.GetPageBlobClient(VaultNames.Disk(target.Index)), leases);
    private readonly LeasedPages _sums = new(vault.Log.GetPageBlobClient(VaultNames.Sums(target.Index)), leases);
    private readonly PointContent _point = new(vault, target);
    private readonly Lock _lock = new();

    /// <summary>Blocks of the point itself that are not what the source read.</summary>
    public long BadBlocks { get; private set; }

    /// <summary>Offset of the first of them.</summary>
    public long FirstBadOffsetBytes { get; private set; } = long.MaxValue;

    /// <summary>Restores the disk. False when another applier holds it.</summary>
    /// <param name="isKnown">The replica has the disk: its blobs are there.</param>
    /// <param name="progress">Told the bytes of disk that are done.</param>
    /// <param name="cancellationToken">Cancels; the next try repeats what is not done.</param>
    public async Task<bool> RunAsync(bool isKnown, Action<long> progress, CancellationToken cancellationToken)
    {
        long tableLength = ChecksumTable.LengthOf(target.SizeBytes);
        if (!await _content.OpenAsync(FixedVhdFooter.BlobLengthOf(target.SizeBytes), create: !isKnown, cancellationToken)
            || !await _sums.OpenAsync(tableLength, create: !isKnown, cancellationToken))
        {
            return false;
        }

        await RestoreEndAsync(cancellationToken);
        for (long offset = 0; offset < tableLength; offset += ChunkBytes)
        {
            await RestoreChunkAsync(offset, (int)Math.Min(ChunkBytes, tableLength - offset), cancellationToken);
            progress(Math.Min(target.SizeBytes, (offset + ChunkBytes) / ChunkBytes * ChunkDiskBytes));
        }

        return true;
    }

    /// <summary>What lies behind the disk's end, whatever stood there: zeros, then the footer.</summary>
    private async Task RestoreEndAsync(CancellationToken cancellationToken)
    {
        long footerOffset = FixedVhdFooter.OffsetOf(target.SizeBytes);
        long end = PageWriter.AlignUp(target.SizeBytes);
        if (end < footerOffset)
            await _content.ClearAsync(new Extent(end, footerOffset - end), cancellationToken);

        await _content.WriteAsync(footerOffset, await _point.ReadFooterAsync(cancellationToken), FixedVhdFooter.LengthBytes, cancellationToken);
    }

    private async Task RestoreChunkAsync(long tableOffsetBytes, int lengthBytes, CancellationToken cancellationToken)
    {
        byte[] wanted = new byte[lengthBytes];
        byte[] standing = new byte[lengthBytes];
        await _point.ReadSumsAsync(tableOffsetBytes, wanted, cancellationToken);
        await BlobRange.ReadAsync(_sums.Blob, tableOffsetBytes, standing, null, cancellationToken);

        long firstBlock = tableOffsetBytes / BlockChecksum.LengthBytes;
        long diskOffset = firstBlock * BlockSize.Bytes;
        List<RestoreRun> runs = RestoreRun.Find(
            diskOffset, target.SizeBytes, wanted, block => always.Contains(firstBlock + block) || !Equal(wanted, standing, block));
        await RestoreAsync(runs, wanted, cancellationToken);
        await ConfirmZerosAsync(diskOffset, [.. runs.Where(run => run.IsZero)], cancellationToken);

        // Only now: a block whose checksum stands in the table counts as restored from here on.
        if (!wanted.AsSpan().SequenceEqual(standing))
            await _sums.WriteAsync(tableOffsetBytes, wanted, lengthBytes, cancellationToken);
    }

    private Task RestoreAsync(List<RestoreRun> runs, byte[] wanted, CancellationToken cancellationToken)
    {
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = requestsInFlight, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(runs, parallel, async (run, token) =>
        {
            if (run.IsZero)
                await _content.ClearAsync(run.Range, token);
            else
                await RestoreAsync(run, wanted, token);
        });
    }

    private async Task RestoreAsync(RestoreRun run, byte[] wanted, CancellationToken cancellationToken)
    {
        int length = (int)run.Range.LengthBytes;
        int padded = (int)PageWriter.AlignUp(length);
        byte[] content = ArrayPool<byte>.Shared.Rent(PageWriter.MaxWriteBytes);
        byte[] written = ArrayPool<byte>.Shared.Rent(PageWriter.MaxWriteBytes);
        try
        {
            ReadOnlyMemory<byte> checksums = wanted.AsMemory(run.FirstBlock * BlockChecksum.LengthBytes);
            Note(run, await _point.ReadBlocksAsync(run.Range.OffsetBytes, content.AsMemory(0, length), checksums, cancellationToken));
            content.AsSpan(length, padded - length).Clear();
            await _content.WriteAsync(run.Range.OffsetBytes, content, padded, cancellationToken);
            await BlobRange.ReadAsync(_content.Blob, run.Range.OffsetBytes, written.AsMemory(0, padded), null, cancellationToken);
            if (!content.AsSpan(0, padded).SequenceEqual(written.AsSpan(0, padded)))
                throw NotAsWritten(run.Range);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(content);
            ArrayPool<byte>.Shared.Return(written);
        }
    }

    /// <summary>Cleared ranges hold no pages, or pages of zeros.</summary>
    private async Task ConfirmZerosAsync(long diskOffsetBytes, List<RestoreRun> cleared, CancellationToken cancellationToken)
    {
        if (cleared.Count == 0)
            return;

        Extent chunk = new(diskOffsetBytes, Math.Min(ChunkDiskBytes, PageWriter.AlignUp(target.SizeBytes) - diskOffsetBytes));
        foreach (Extent pages in await BlobRange.AllocatedAsync(_content.Blob, chunk, cancellationToken))
        {
            foreach (Extent range in cleared.Select(run => run.Range))
            {
                long end = Math.Min(pages.EndBytes, PageWriter.AlignUp(range.EndBytes));
                for (long offset = Math.Max(pages.OffsetBytes, range.OffsetBytes); offset < end; offset += PageWriter.MaxWriteBytes)
                    await ConfirmZerosAsync(new Extent(offset, Math.Min(PageWriter.MaxWriteBytes, end - offset)), cancellationToken);
            }
        }
    }

    private async Task ConfirmZerosAsync(Extent range, CancellationToken cancellationToken)
    {
        byte[] content = new byte[range.LengthBytes];
        await BlobRange.ReadAsync(_content.Blob, range.OffsetBytes, content, null, cancellationToken);
        if (!BlockChecksum.IsZero(content))
            throw NotAsWritten(range);
    }

    private void Note(RestoreRun run, long badBlocks)
    {
        if (badBlocks == 0)
            return;

        lock (_lock)
        {
            BadBlocks += badBlocks;
            FirstBadOffsetBytes = Math.Min(FirstBadOffsetBytes, run.Range.OffsetBytes);
        }
    }

    private VaultException NotAsWritten(Extent range) => new(
        VaultFault.Unavailable,
        VaultErrors.NameOf(_content.Blob.Uri),
        $"{VaultErrors.NameOf(_content.Blob.Uri)} does not hold at {range.OffsetBytes} what was just written there ({range.LengthBytes} bytes).",
        "The rollback is tried again by itself. If it lasts, look for somebody else who writes to this blob.");

    private static bool Equal(byte[] wanted, byte[] standing, int block) => wanted.AsSpan(block * BlockChecksum.LengthBytes, BlockChecksum.LengthBytes)
        .SequenceEqual(standing.AsSpan(block * BlockChecksum.LengthBytes, BlockChecksum.LengthBytes));
}
