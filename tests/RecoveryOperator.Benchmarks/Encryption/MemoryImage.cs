using RecoveryOperator.DataPath;

namespace RecoveryOperator.Benchmarks.Encryption;

/// <summary>A disk in memory: nothing but the data path's own work is measured.</summary>
internal sealed class MemoryImage(byte[] content) : IBlockReader, IReplicaDisk
{
    public byte[] Content => content;

    public long SizeBytes => content.Length;

    /// <summary>An image of which half of each block can be compressed away.</summary>
    public static MemoryImage Create(int sizeBytes, int seed)
    {
        byte[] content = new byte[sizeBytes];
        Random random = new(seed);
        for (int block = 0; block < sizeBytes; block += BlockSize.Bytes)
        {
            random.NextBytes(content.AsSpan(block, BlockSize.Bytes / 2));
            content.AsSpan(block + (BlockSize.Bytes / 2), BlockSize.Bytes / 2).Fill((byte)random.Next(1, 256));
        }

        return new MemoryImage(content);
    }

    public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        content.AsMemory((int)offsetBytes, buffer.Length).CopyTo(buffer);
        return default;
    }

    public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> written, CancellationToken cancellationToken)
    {
        written.CopyTo(content.AsMemory((int)offsetBytes));
        return default;
    }

    public ValueTask ClearAsync(Extent range, CancellationToken cancellationToken)
    {
        content.AsSpan((int)range.OffsetBytes, (int)range.LengthBytes).Clear();
        return default;
    }

    public ValueTask SetChecksumsAsync(long offsetBytes, ReadOnlyMemory<byte> checksums, CancellationToken cancellationToken) => default;
}
