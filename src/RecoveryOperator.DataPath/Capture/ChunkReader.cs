using System.Buffers;
using System.Collections.Concurrent;
using RecoveryOperator.DataPath.Checksums;
using ZstdSharp;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>Reads and encodes chunks, a bounded number at once: reads by the request's limit, compression by the processors.</summary>
internal sealed class ChunkReader(IBlockReader reader, ArrayPool<byte> pool, int readsInFlight, IKnownChecksums? known) : IDisposable
{
    private const int CompressionLevel = 1;

    private readonly SemaphoreSlim _reads = new(readsInFlight);
    private readonly SemaphoreSlim _encoders = new(Environment.ProcessorCount);
    private readonly ConcurrentBag<Compressor> _compressors = [];

    /// <summary>Reads a range of at most 1 MiB. The chunk belongs to the caller.</summary>
    /// <exception cref="IOException">The disk cannot be read.</exception>
    public async Task<CapturedChunk> ReadAsync(Extent range, CancellationToken cancellationToken)
    {
        CapturedChunk chunk = new(pool, range);
        try
        {
            await FillAsync(chunk, cancellationToken);
            byte[] held = known is null ? [] : new byte[BlockSize.Count(range.LengthBytes) * BlockChecksum.LengthBytes];
            if (known is not null)
                await known.ReadAsync(range.OffsetBytes, held, cancellationToken);
            if (chunk.Judge(held)) // On the thread that read it, as a rule: its content is still in that processor's cache.
                await EncodeAsync(chunk, cancellationToken);
            return chunk;
        }
        catch
        {
            chunk.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Compressor compressor in _compressors)
            compressor.Dispose();
        _reads.Dispose();
        _encoders.Dispose();
    }

    private async Task FillAsync(CapturedChunk chunk, CancellationToken cancellationToken)
    {
        await _reads.WaitAsync(cancellationToken);
        try
        {
            await reader.ReadAsync(chunk.Range.OffsetBytes, chunk.Content, cancellationToken);
        }
        finally
        {
            _reads.Release();
        }
    }

    private async Task EncodeAsync(CapturedChunk chunk, CancellationToken cancellationToken)
    {
        await _encoders.WaitAsync(cancellationToken);
        try
        {
            if (!_compressors.TryTake(out Compressor? compressor))
                compressor = new Compressor(CompressionLevel);
            chunk.Encode(compressor);
            _compressors.Add(compressor);
        }
        finally
        {
            _encoders.Release();
        }
    }
}
