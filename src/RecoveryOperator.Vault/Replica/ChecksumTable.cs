using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// A disk's table of block checksums: 16 bytes for each 64 KiB. Changed in memory by chunks that stand for 256 MiB of disk, at most 32 at a time (2 MiB);
/// each is read once, and written once as one run. Sets come in the disk's order, so a chunk is seldom needed twice.
/// </summary>
internal sealed class ChecksumTable(PageBlobClient blob, PageWriter writer, long lengthBytes)
{
    private const int ChunkBytes = 64 * 1024;
    private const int MaxChunks = 32;

    private readonly Dictionary<long, Chunk> _chunks = [];

    /// <summary>Length of the table of a disk: whole pages.</summary>
    public static long LengthOf(long diskSizeBytes) => PageWriter.AlignUp(BlockSize.Count(diskSizeBytes) * BlockChecksum.LengthBytes);

    /// <summary>Sets the checksums of the blocks from a disk offset on.</summary>
    public async ValueTask SetAsync(long diskOffsetBytes, ReadOnlyMemory<byte> checksums, CancellationToken cancellationToken)
    {
        long offset = diskOffsetBytes / BlockSize.Bytes * BlockChecksum.LengthBytes;
        while (!checksums.IsEmpty)
        {
            Chunk chunk = await LoadAsync(offset / ChunkBytes, cancellationToken);
            int at = (int)(offset % ChunkBytes);
            int length = Math.Min(checksums.Length, ChunkBytes - at);
            chunk.Change(at, checksums.Span[..length]);
            offset += length;
            checksums = checksums[length..];
        }
    }

    /// <summary>Writes all changes.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        foreach ((long index, Chunk chunk) in _chunks)
            await WriteAsync(index, chunk, cancellationToken);

        _chunks.Clear();
        await writer.DrainAsync();
    }

    private async ValueTask<Chunk> LoadAsync(long index, CancellationToken cancellationToken)
    {
        if (_chunks.TryGetValue(index, out Chunk? loaded))
            return loaded;
        if (_chunks.Count >= MaxChunks)
            await FlushAsync(cancellationToken);

        long start = index * ChunkBytes;
        HttpRange range = new(start, Math.Min(ChunkBytes, lengthBytes - start));
        BlobDownloadResult content = await StorageCall.RunAsync(
            blob.Uri,
            async () => (await blob.DownloadContentAsync(new BlobDownloadOptions { Range = range }, cancellationToken)).Value,
            cancellationToken);
        Chunk chunk = new(content.Content.ToArray());
        _chunks.Add(index, chunk);
        return chunk;
    }

    private ValueTask WriteAsync(long index, Chunk chunk, CancellationToken cancellationToken) =>
        writer.WriteAsync((index * ChunkBytes) + chunk.DirtyFrom, chunk.Dirty, cancellationToken);

    private sealed class Chunk(byte[] content)
    {
        private int _from = content.Length;
        private int _to;

        public int DirtyFrom => _from / PageWriter.PageBytes * PageWriter.PageBytes;

        public ReadOnlyMemory<byte> Dirty => content.AsMemory(DirtyFrom, (int)PageWriter.AlignUp(_to) - DirtyFrom);

        public void Change(int at, ReadOnlySpan<byte> checksums)
        {
            checksums.CopyTo(content.AsSpan(at));
            _from = Math.Min(_from, at);
            _to = Math.Max(_to, at + checksums.Length);
        }
    }
}
