using System.Buffers;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Vhd;

namespace RecoveryOperator.Vault.Verify;

/// <summary>
/// Reads one disk of a point and compares every block with the checksum of what the source read. Memory: a window's checksums (1 MiB) and one buffer for each
/// read in flight.
/// </summary>
internal sealed class DiskVerifier(ProtectionVault vault, PointDisk disk, VerifyOptions options, IBlockSink? sink, Action<long, long> compared)
{
    private readonly SnapshotReader _content = new(vault.Replica.GetPageBlobClient(disk.Blob).WithSnapshot(disk.Snapshot), options);
    private readonly SnapshotReader _sums = new(vault.Log.GetPageBlobClient(VaultNames.Sums(disk.Index)).WithSnapshot(disk.SumsSnapshot), options);
    private readonly BadBlockList _bad = new();
    private long _readBytes;

    /// <summary>Bytes of blocks with allocated pages, from an offset on.</summary>
    public async Task<long> MeasureAsync(long fromBytes, CancellationToken cancellationToken)
    {
        long bytes = 0;
        foreach (Extent part in BlockWindow.Of(disk.SizeBytes, fromBytes))
        {
            BlockWindow window = new(part);
            await _content.ForEachPageRangeAsync(part, window.Allocate, cancellationToken);
            bytes += window.AllocatedBytes(part);
        }

        return bytes;
    }

    /// <summary>Verifies the disk from an offset on.</summary>
    /// <param name="fromBytes">Where to begin.</param>
    /// <param name="reached">Told whenever all before an offset is compared, with the bad blocks so far.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<DiskVerification> RunAsync(long fromBytes, Func<long, DiskVerification, Task>? reached, CancellationToken cancellationToken)
    {
        foreach (Extent part in BlockWindow.Of(disk.SizeBytes, fromBytes))
        {
            await CompareAsync(await LoadAsync(part, cancellationToken), cancellationToken);
            if (reached is not null)
                await reached(part.EndBytes, Result(null));
        }

        return Result(await FindTailFaultAsync(cancellationToken));
    }

    private DiskVerification Result(string? fault) =>
        new(disk.Index, disk.Target, Interlocked.Read(ref _readBytes), _bad.Blocks, _bad.Ranges(), fault);

    private async Task<BlockWindow> LoadAsync(Extent part, CancellationToken cancellationToken)
    {
        BlockWindow window = new(part);
        long tableOffset = part.OffsetBytes / BlockSize.Bytes * BlockChecksum.LengthBytes;
        await _sums.ReadAsync(tableOffset, window.Checksums, cancellationToken);
        await _content.ForEachPageRangeAsync(part, window.Allocate, cancellationToken);
        return window;
    }

    private Task CompareAsync(BlockWindow window, CancellationToken cancellationToken)
    {
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = options.ReadsInFlight, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(window.Runs(), parallel, async (run, token) =>
        {
            byte[] buffer = ArrayPool<byte>.Shared.Rent((int)run.LengthBytes);
            try
            {
                await CompareAsync(window, run, buffer.AsMemory(0, (int)run.LengthBytes), token);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        });
    }

    private async Task CompareAsync(BlockWindow window, Extent run, Memory<byte> content, CancellationToken cancellationToken)
    {
        List<Extent> bad = await ReadAsync(window, run, content, cancellationToken);
        if (bad.Count > 0)
            bad = await ReadAsync(window, run, content, cancellationToken); // What was damaged on the way is not damaged there.
        _bad.Add(bad);
        if (sink is not null)
            await WriteAsync(run, content, cancellationToken);
        compared(window.AllocatedBytes(run), bad.Count);
    }

    private async Task<List<Extent>> ReadAsync(BlockWindow window, Extent run, Memory<byte> content, CancellationToken cancellationToken)
    {
        if (options.Rate is { } rate)
            await rate.WaitAsync(content.Length, cancellationToken);
        await _content.ReadAsync(run.OffsetBytes, content, cancellationToken);
        Interlocked.Add(ref _readBytes, content.Length);
        return options.Compare ? FindBad(window, run, content.Span) : [];
    }

    private static List<Extent> FindBad(BlockWindow window, Extent run, ReadOnlySpan<byte> content)
    {
        List<Extent> bad = [];
        Span<byte> actual = stackalloc byte[BlockChecksum.LengthBytes];
        for (int at = 0; at < content.Length; at += BlockSize.Bytes)
        {
            ReadOnlySpan<byte> block = content.Slice(at, Math.Min(BlockSize.Bytes, content.Length - at));
            ReadOnlySpan<byte> expected = window.ChecksumAt(run.OffsetBytes + at);
            actual.Clear(); // Sixteen zeros stand for a block of zeros.
            if (!BlockChecksum.IsZero(block))
                BlockChecksum.Compute(block, actual);
            if (!actual.SequenceEqual(expected))
                bad.Add(new Extent(run.OffsetBytes + at, block.Length));
        }

        return bad;
    }

    /// <summary>Hands over what is not zeros, in runs as long as possible.</summary>
    private async ValueTask WriteAsync(Extent run, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        int from = 0;
        for (int at = 0; at < content.Length; at += BlockSize.Bytes)
        {
            int end = Math.Min(at + BlockSize.Bytes, content.Length);
            if (!BlockChecksum.IsZero(content.Span[at..end]))
                continue;
            if (at > from)
                await sink!.WriteAsync(run.OffsetBytes + from, content[from..at], cancellationToken);
            from = end;
        }

        if (content.Length > from)
            await sink!.WriteAsync(run.OffsetBytes + from, content[from..], cancellationToken);
    }

    /// <summary>Behind the disk's end there are zeros up to a whole MiB, then the footer.</summary>
    private async Task<string?> FindTailFaultAsync(CancellationToken cancellationToken)
    {
        long footerOffset = FixedVhdFooter.OffsetOf(disk.SizeBytes);
        byte[] tail = new byte[footerOffset + FixedVhdFooter.LengthBytes - disk.SizeBytes];
        await _content.ReadAsync(disk.SizeBytes, tail, cancellationToken);
        if (sink is not null)
            await sink.WriteFooterAsync(tail.AsMemory(^FixedVhdFooter.LengthBytes..), cancellationToken);
        if (!options.Compare)
            return null;
        if (!BlockChecksum.IsZero(tail.AsSpan(0, tail.Length - FixedVhdFooter.LengthBytes)))
            return $"There are other bytes than zeros between the disk's end at {disk.SizeBytes} and its footer at {footerOffset}.";

        return FixedVhdFooter.FindFault(tail.AsSpan(^FixedVhdFooter.LengthBytes..), disk.SizeBytes);
    }
}
