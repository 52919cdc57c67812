using RecoveryOperator.DataPath.Checksums;

namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>A disk in memory: source and replica. Counts what is asked of it.</summary>
public sealed class MemoryDisk(byte[] content) : IBlockReader, IReplicaDisk
{
    private long _readBytes;

    public MemoryDisk(long sizeBytes)
        : this(new byte[sizeBytes])
    {
    }

    public byte[] Content { get; } = content;

    public byte[] Checksums { get; } = new byte[BlockSize.Count(content.Length) * BlockChecksum.LengthBytes];

    public long SizeBytes => Content.Length;

    public long ReadBytes => Interlocked.Read(ref _readBytes);

    public List<Extent> Writes { get; } = [];

    public List<Extent> Clears { get; } = [];

    public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Content.AsSpan((int)offsetBytes, buffer.Length).CopyTo(buffer.Span);
        Interlocked.Add(ref _readBytes, buffer.Length);
        return default;
    }

    public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Writes.Add(new Extent(offsetBytes, content.Length));
        content.Span.CopyTo(Content.AsSpan((int)offsetBytes));
        return default;
    }

    public ValueTask ClearAsync(Extent range, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Clears.Add(range);
        Content.AsSpan((int)range.OffsetBytes, (int)range.LengthBytes).Clear();
        return default;
    }

    public ValueTask SetChecksumsAsync(long offsetBytes, ReadOnlyMemory<byte> checksums, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        checksums.Span.CopyTo(Checksums.AsSpan((int)(offsetBytes / BlockSize.Bytes * BlockChecksum.LengthBytes)));
        return default;
    }

    /// <summary>What the checksum table should be for the present content.</summary>
    public byte[] ExpectedChecksums()
    {
        byte[] table = new byte[Checksums.Length];
        for (int block = 0; block * BlockSize.Bytes < Content.Length; block++)
        {
            int start = block * BlockSize.Bytes;
            ReadOnlySpan<byte> bytes = Content.AsSpan(start, Math.Min(BlockSize.Bytes, Content.Length - start));
            if (bytes.ContainsAnyExcept((byte)0))
                BlockChecksum.Compute(bytes, table.AsSpan(block * BlockChecksum.LengthBytes));
        }

        return table;
    }
}
