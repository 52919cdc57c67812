using RecoveryOperator.Hypervisors.Nbd.Server;

namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>
/// A disk in the vault as it is read by a machine that runs from it: by chunks, which the cache keeps, and ahead of a reader that goes forward. A vault that is slow or away
/// for a moment is waited for; then the read fails, which stops the guest (its disk's error policy) until the vault is back.
/// </summary>
/// <param name="disk">The disk.</param>
/// <param name="way">How it is read.</param>
/// <param name="cache">Keeps its chunks.</param>
/// <param name="reads">Told whether what is read is what the source read.</param>
/// <param name="report">Told how it goes.</param>
internal sealed class VaultDisk(ReplicaDisk disk, VaultWay way, ChunkCache cache, DiskReads reads, ReadingReport report)
    : INbdExport
{
    /// <summary>What one request to the vault asks for: a blob's latency is worth so many bytes.</summary>
    public const int ChunkBytes = 256 << 10;

    /// <summary>How far a reader that goes forward is run ahead of.</summary>
    private const int ChunksAhead = 2;

    /// <summary>What is read to see whether the vault gives the disk: little, so that a slow line is no obstacle.</summary>
    private const int ProbeBytes = 512;

    /// <summary>Guests whose disks give up by themselves do so after 30 s.</summary>
    internal static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(27);

    /// <summary>A machine that is being started tells the person who waits for it soon.</summary>
    private static readonly TimeSpan OpenLimit = TimeSpan.FromSeconds(15);

    /// <summary>For reads of a machine that runs.</summary>
    internal static readonly VaultPatience Reading = new(3, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
    private static readonly VaultPatience Opening = new(1, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));

    /// <summary>The size belongs to it: it is what the last chunk's length follows from. So does the table: what was compared is not what was not.</summary>
    private readonly string _key = $"{disk.SizeBytes} {disk.SnapshotUri.AbsoluteUri} {disk.SumsUri?.AbsoluteUri}";
    private readonly VaultSource _source = VaultSource.ContentOf(disk);
    private readonly ComparedDisk _compared = new(disk, way, reads);
    private readonly ComparedDisk _opened = new(disk, way with { Patience = Opening }, reads);
    private long _expected = -1;

    /// <inheritdoc/>
    public long SizeBytes => disk.SizeBytes;

    /// <summary>Asks the vault, whatever is kept of the disk.</summary>
    public Task OpenAsync(CancellationToken cancellationToken) => way.LimitedAsync(
        async token =>
        {
            var probe = way.Reader.ReadAsync(_source, 0, new byte[Math.Min(ProbeBytes, SizeBytes)], Opening, turns: null, token);
            await Task.WhenAll(probe, _opened.TryTableAsync(token)).ConfigureAwait(false);
        },
        _source,
        OpenLimit,
        cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadAsync(long offsetBytes, int lengthBytes, CancellationToken cancellationToken)
    {
        var (first, last) = (offsetBytes / ChunkBytes, (offsetBytes + lengthBytes - 1) / ChunkBytes);
        var chunks = new List<Task<byte[]>>();
        for (var chunk = first; chunk <= last; chunk++) chunks.Add(WantedAsync(chunk, offsetBytes, offsetBytes + lengthBytes));
        ReadAhead(first, last);
        try
        {
            var contents = await Task.WhenAll(chunks).WaitAsync(ReadLimit, way.Time, cancellationToken).ConfigureAwait(false);
            return [.. contents.Select((content, index) => Part(content, (first + index) * ChunkBytes, offsetBytes, offsetBytes + lengthBytes))];
        }
        catch (TimeoutException)
        {
            var late = VaultWay.Late(_source, ReadLimit);
            report.Failed(late);
            throw late;
        }
        catch (HypervisorException error)
        {
            if (error.Fault != HypervisorFault.Damaged) report.Failed(error); // That was said, with its place.
            throw;
        }
    }

    /// <summary>The chunk that a part of which is asked for; damage elsewhere in it is nothing to the reader.</summary>
    private async Task<byte[]> WantedAsync(long chunk, long startBytes, long endBytes)
    {
        try
        {
            return await ChunkAsync(chunk).ConfigureAwait(false);
        }
        catch (DamagedChunkException damaged) when (!damaged.Touches(startBytes - (chunk * ChunkBytes), endBytes - (chunk * ChunkBytes)))
        {
            return damaged.Content;
        }
    }

    private static ReadOnlyMemory<byte> Part(byte[] content, long chunkOffsetBytes, long startBytes, long endBytes)
    {
        var from = (int)Math.Max(0, startBytes - chunkOffsetBytes);
        var to = (int)Math.Min(content.Length, endBytes - chunkOffsetBytes);
        return content.AsMemory(from, to - from);
    }

    private void ReadAhead(long first, long last)
    {
        var expected = Interlocked.Exchange(ref _expected, last + 1);
        if (first != expected && first != expected - 1) return;
        for (var chunk = last + 1; chunk <= last + ChunksAhead && chunk * ChunkBytes < SizeBytes; chunk++) _ = ChunkAsync(chunk);
    }

    private Task<byte[]> ChunkAsync(long chunk) => cache.GetAsync(_key, chunk, () => FetchAsync(chunk));

    /// <summary>A damaged chunk is not kept: the storage may mend itself.</summary>
    private async Task<byte[]> FetchAsync(long chunk)
    {
        var content = GC.AllocateUninitializedArray<byte>((int)Math.Min(ChunkBytes, SizeBytes - (chunk * ChunkBytes)));
        var bad = 0UL;
        await way.LimitedAsync(async token => bad = await _compared.ReadAsync(chunk * ChunkBytes, content, token).ConfigureAwait(false), _source, VaultWay.FetchLimit, way.Closing).ConfigureAwait(false);
        report.Succeeded();
        return bad == 0 ? content : throw new DamagedChunkException(content, bad, _compared.Damage((chunk * ChunkBytes) + DamagedChunkException.FirstOf(bad)));
    }
}
