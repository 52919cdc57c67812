using RecoveryOperator.DataPath;

namespace RecoveryOperator.Vault.Replica;

/// <summary>A replica disk: its page blob and its checksum table, both under lease.</summary>
internal sealed class PageBlobReplicaDisk(PageWriter content, PageWriter sums, ChecksumTable table) : IReplicaDisk, IAsyncDisposable
{
    /// <summary>Bytes written to the disk so far.</summary>
    public long WrittenBytes => content.WrittenBytes;

    /// <summary>Requests that changed the disk so far.</summary>
    public long Requests => content.Requests;

    public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> block, CancellationToken cancellationToken) =>
        content.WriteAsync(offsetBytes, block, cancellationToken);

    public ValueTask ClearAsync(Extent range, CancellationToken cancellationToken) => content.ClearAsync(range, cancellationToken);

    public ValueTask SetChecksumsAsync(long offsetBytes, ReadOnlyMemory<byte> checksums, CancellationToken cancellationToken) =>
        table.SetAsync(offsetBytes, checksums, cancellationToken);

    /// <summary>Waits until all content is stored: the next segment may touch the same blocks.</summary>
    public Task DrainAsync() => content.DrainAsync();

    /// <summary>Waits until all content is stored, then stores the checksums.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await content.DrainAsync();
        await table.FlushAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await content.DisposeAsync();
        await sums.DisposeAsync();
    }
}
