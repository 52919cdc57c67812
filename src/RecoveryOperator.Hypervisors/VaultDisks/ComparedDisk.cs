using System.Numerics;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;

namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>
/// Reads whole blocks of a disk in the vault and compares them with the checksums of what the source read (docs/failover.md). A block that differs is read once more.
/// </summary>
/// <param name="disk">The disk.</param>
/// <param name="way">How it is read.</param>
/// <param name="reads">Told what the comparison gives.</param>
internal sealed class ComparedDisk(ReplicaDisk disk, VaultWay way, DiskReads reads)
{
    /// <summary>The most that is read at once: a result has a bit for each block.</summary>
    public const int LargestReadBytes = 64 * BlockSize.Bytes;

    private readonly VaultSource _content = VaultSource.ContentOf(disk);
    private readonly SumsTable? _table = VaultSource.SumsOf(disk) is { } sums ? new SumsTable(disk, sums, way) : null;

    /// <summary>Fills a buffer.</summary>
    /// <param name="offsetBytes">Where, a multiple of the largest length that is ever read.</param>
    /// <param name="content">Whole blocks; the disk's last one may be short.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The blocks that are not what the source read, a bit for each, from the first one on: zero when all of them are, or nothing is known.</returns>
    /// <exception cref="HypervisorException">The vault does not give the disk, or its table; a table that is not there is no error.</exception>
    public async Task<ulong> ReadAsync(long offsetBytes, Memory<byte> content, CancellationToken cancellationToken)
    {
        var awaited = SumsAsync(offsetBytes, content.Length, cancellationToken);
        try
        {
            await way.Reader.ReadAsync(_content, offsetBytes, content, way.Patience, way.Turns, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            _ = awaited.ContinueWith(late => late.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default); // The content's error is told.
            throw;
        }

        if (await awaited.ConfigureAwait(false) is not { } sums) return 0;
        var bad = Differing(content.Span, sums.Span);
        for (var left = bad; left != 0; left &= left - 1)
        {
            var block = BitOperations.TrailingZeroCount(left);
            if (await IsRightAnewAsync(offsetBytes, content, block, cancellationToken).ConfigureAwait(false)) bad &= ~(1UL << block);
        }

        reads.Compared(offsetBytes, content.Length, bad);
        return bad;
    }

    /// <summary>Whether the table can be read now, if there is one.</summary>
    /// <exception cref="HypervisorException">It cannot.</exception>
    public Task TryTableAsync(CancellationToken cancellationToken) => SumsAsync(0, 1, cancellationToken);

    /// <summary>What to say of a block that is not the source's.</summary>
    public HypervisorException Damage(long blockOffsetBytes) => new(
        HypervisorFault.Damaged,
        $"{_content.Name}: the 64 KiB at {blockOffsetBytes} are not what the source read, also when read again (snapshot {_content.Snapshot}).",
        DiskReads.Remedy);

    private async Task<ReadOnlyMemory<byte>?> SumsAsync(long offsetBytes, int lengthBytes, CancellationToken cancellationToken)
    {
        if (_table is null)
        {
            reads.NotCompared("nobody gave the right to read its checksum table: it was recovered by an earlier version, or from a point that names none");
            return null;
        }

        if (!reads.LooksForTable(way.Time)) return null;
        try
        {
            return await _table.OfAsync(offsetBytes, lengthBytes, cancellationToken).ConfigureAwait(false);
        }
        catch (HypervisorException error) when (error.Fault == HypervisorFault.NotFound)
        {
            reads.TableMissing(error, way.Time);
            return null;
        }
    }

    /// <summary>The block takes its place in the content when it is right now.</summary>
    private async Task<bool> IsRightAnewAsync(long offsetBytes, Memory<byte> content, int block, CancellationToken cancellationToken)
    {
        var start = block * BlockSize.Bytes;
        var again = new byte[Math.Min(BlockSize.Bytes, content.Length - start)];
        await way.Anew.ReadAsync(_content, offsetBytes + start, again, way.Patience, way.Turns, cancellationToken).ConfigureAwait(false);
        var sum = await _table!.AnewAsync(offsetBytes + start, cancellationToken).ConfigureAwait(false);
        if (Differing(again, sum) != 0) return false;
        again.CopyTo(content[start..]);
        return true;
    }

    private static ulong Differing(ReadOnlySpan<byte> content, ReadOnlySpan<byte> sums)
    {
        var differing = 0UL;
        Span<byte> actual = stackalloc byte[BlockChecksum.LengthBytes];
        for (var block = 0; block * BlockSize.Bytes < content.Length; block++)
        {
            var start = block * BlockSize.Bytes;
            var bytes = content[start..Math.Min(start + BlockSize.Bytes, content.Length)];
            actual.Clear(); // Sixteen zeros stand for a block of zeros.
            if (!BlockChecksum.IsZero(bytes)) BlockChecksum.Compute(bytes, actual);
            if (!actual.SequenceEqual(sums.Slice(block * BlockChecksum.LengthBytes, BlockChecksum.LengthBytes))) differing |= 1UL << block;
        }

        return differing;
    }
}
