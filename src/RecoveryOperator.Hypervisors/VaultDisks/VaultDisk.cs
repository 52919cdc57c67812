using RecoveryOperator.Hypervisors.Nbd.Server;

namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>
/// A disk in the vault as it is read by a machine that runs from it: by chunks, which the cache keeps, and ahead of a reader that goes forward. A vault that is slow or away
/// for a moment is waited for; then the read fails, which stops the guest (its disk's error policy) until the vault is back.
/// </summary>
/// <param name="disk">The disk.</param>
/// <param name="reader">Reads it.</param>
/// <param name="cache">Keeps its chunks.</param>
/// <param name="requests">Requests to the vault at once, over all disks.</param>
/// <param name="closing">Ends what is under way.</param>
internal sealed class VaultDisk(ReplicaDisk disk, VaultDiskReader reader, ChunkCache cache, SemaphoreSlim requests, CancellationToken closing) : INbdExport
{
    /// <summary>What one request to the vault asks for: a blob's latency is worth so many bytes.</summary>
    public const int ChunkBytes = 256 << 10;

    /// <summary>How far a reader that goes forward is run ahead of.</summary>
    private const int ChunksAhead = 2;

    /// <summary>About 27 s in all: guests whose disks give up by themselves do so after 30 s.</summary>
    private static readonly VaultPatience Reading = new(3, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));

    /// <summary>A machine that is being started tells the person who waits for it soon.</summary>
    private static readonly VaultPatience Opening = new(1, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));

    private readonly string _key = disk.SnapshotUri.AbsoluteUri;
    private long _expected = -1;

    /// <inheritdoc/>
    public long SizeBytes => disk.SizeBytes;

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken cancellationToken) => ChunkAsync(0, Opening).WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReadOnlyMemory<byte>>> ReadAsync(long offsetBytes, int lengthBytes, CancellationToken cancellationToken)
    {
        var (first, last) = (offsetBytes / ChunkBytes, (offsetBytes + lengthBytes - 1) / ChunkBytes);
        var chunks = new List<Task<byte[]>>();
        for (var chunk = first; chunk <= last; chunk++) chunks.Add(ChunkAsync(chunk, Reading));
        ReadAhead(first, last);
        var contents = await Task.WhenAll(chunks).WaitAsync(cancellationToken).ConfigureAwait(false);
        return [.. contents.Select((content, index) => Part(content, (first + index) * ChunkBytes, offsetBytes, offsetBytes + lengthBytes))];
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
        for (var chunk = last + 1; chunk <= last + ChunksAhead && chunk * ChunkBytes < SizeBytes; chunk++) _ = ChunkAsync(chunk, Reading);
    }

    private Task<byte[]> ChunkAsync(long chunk, VaultPatience patience) => cache.GetAsync(_key, chunk, () => FetchAsync(chunk, patience));

    private async Task<byte[]> FetchAsync(long chunk, VaultPatience patience)
    {
        await requests.WaitAsync(closing).ConfigureAwait(false);
        try
        {
            var content = GC.AllocateUninitializedArray<byte>((int)Math.Min(ChunkBytes, SizeBytes - (chunk * ChunkBytes)));
            await reader.ReadAsync(disk, chunk * ChunkBytes, content, patience, closing).ConfigureAwait(false);
            return content;
        }
        finally
        {
            requests.Release();
        }
    }
}
