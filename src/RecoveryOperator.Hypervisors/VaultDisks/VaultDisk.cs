using RecoveryOperator.Hypervisors.Nbd.Server;

namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>
/// A disk in the vault as it is read by a machine that runs from it: by chunks, which the cache keeps, and ahead of a reader that goes forward. A vault that is slow or away
/// for a moment is waited for; then the read fails, which stops the guest (its disk's error policy) until the vault is back.
/// </summary>
/// <param name="disk">The disk.</param>
/// <param name="reader">Reads it.</param>
/// <param name="cache">Keeps its chunks.</param>
/// <param name="turns">Bounds the requests to the vault at once.</param>
/// <param name="report">Told how it goes.</param>
/// <param name="time">The clock.</param>
/// <param name="closing">Ends what is under way.</param>
internal sealed class VaultDisk(ReplicaDisk disk, VaultDiskReader reader, ChunkCache cache, VaultTurns turns, ReadingReport report, TimeProvider time, CancellationToken closing)
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

    /// <summary>What a reader gave up on still comes for its next try: on a line on which a chunk takes longer than a read may, nothing would ever arrive otherwise.</summary>
    private static readonly TimeSpan FetchLimit = TimeSpan.FromMinutes(5);

    private static readonly VaultPatience Reading = new(3, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
    private static readonly VaultPatience Opening = new(1, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));

    /// <summary>The size belongs to it: it is what the last chunk's length follows from.</summary>
    private readonly string _key = $"{disk.SizeBytes} {disk.SnapshotUri.AbsoluteUri}";
    private long _expected = -1;

    /// <inheritdoc/>
    public long SizeBytes => disk.SizeBytes;

    /// <summary>Asks the vault, whatever is kept of the disk.</summary>
    public Task OpenAsync(CancellationToken cancellationToken) => LimitedAsync(
        token => reader.ReadAsync(disk, 0, new byte[Math.Min(ProbeBytes, SizeBytes)], Opening, token), OpenLimit, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadAsync(long offsetBytes, int lengthBytes, CancellationToken cancellationToken)
    {
        var (first, last) = (offsetBytes / ChunkBytes, (offsetBytes + lengthBytes - 1) / ChunkBytes);
        var chunks = new List<Task<byte[]>>();
        for (var chunk = first; chunk <= last; chunk++) chunks.Add(ChunkAsync(chunk));
        ReadAhead(first, last);
        try
        {
            var contents = await Task.WhenAll(chunks).WaitAsync(ReadLimit, time, cancellationToken).ConfigureAwait(false);
            return [.. contents.Select((content, index) => Part(content, (first + index) * ChunkBytes, offsetBytes, offsetBytes + lengthBytes))];
        }
        catch (TimeoutException)
        {
            var late = Late(ReadLimit);
            report.Failed(late);
            throw late;
        }
        catch (HypervisorException error)
        {
            report.Failed(error);
            throw;
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

    private async Task<byte[]> FetchAsync(long chunk)
    {
        var content = GC.AllocateUninitializedArray<byte>((int)Math.Min(ChunkBytes, SizeBytes - (chunk * ChunkBytes)));
        await LimitedAsync(token => reader.ReadAsync(disk, chunk * ChunkBytes, content, Reading, turns, token), FetchLimit, closing).ConfigureAwait(false);
        report.Succeeded();
        return content;
    }

    private async Task LimitedAsync(Func<CancellationToken, Task> read, TimeSpan span, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(span, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await read(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw Late(span);
        }
    }

    private HypervisorException Late(TimeSpan span) => new(
        HypervisorFault.Transient,
        $"Disk {disk.Index}: {disk.SnapshotUri.Host} did not give what was asked for within {span.TotalSeconds:0} s.",
        "Check the line between the host and the vault: it is slow, or more is asked for than it carries.");
}
