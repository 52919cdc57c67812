using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica;

/// <summary>A page blob written one request at a time for each caller, every one of them with its lease and in its turn, and each done when it returns.</summary>
internal sealed class LeasedPages(PageBlobClient blob, LeaseSet leases)
{
    private const long MaxClearBytes = 1024L * 1024 * 1024;

    private readonly WriteTurn _turn = new(blob, () => leases.IdOf(blob));

    /// <summary>The blob.</summary>
    public PageBlobClient Blob => blob;

    /// <summary>Takes the lease, after creating the blob if asked to, and brings it to its length. False when another applier holds it.</summary>
    public async Task<bool> OpenAsync(long lengthBytes, bool create, CancellationToken cancellationToken)
    {
        if (create)
            await StorageCall.RunAsync(blob.Uri, () => blob.CreateIfNotExistsAsync(lengthBytes, cancellationToken: cancellationToken), cancellationToken);
        if (!await leases.TryAcquireAsync(blob, cancellationToken))
            return false;

        return await StorageCall.RunAsync(
            blob.Uri,
            async () =>
            {
                BlobProperties standing = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
                if (standing.ContentLength != lengthBytes)
                    await blob.ResizeAsync(lengthBytes, new PageBlobRequestConditions { LeaseId = leases.IdOf(blob), IfMatch = standing.ETag }, cancellationToken);

                return true;
            },
            cancellationToken);
    }

    /// <summary>Writes whole pages.</summary>
    public Task WriteAsync(long offsetBytes, byte[] content, int lengthBytes, CancellationToken cancellationToken) => StorageCall.RunAsync(
        blob.Uri,
        async () =>
        {
            PageBlobRequestConditions conditions = await _turn.ConditionsAsync(cancellationToken);
            using MemoryStream stream = new(content, 0, lengthBytes, writable: false);
            return await blob.UploadPagesAsync(stream, offsetBytes, new PageBlobUploadPagesOptions { Conditions = conditions }, cancellationToken);
        },
        cancellationToken);

    /// <summary>Clears a range; its end is rounded up to 512.</summary>
    public async Task ClearAsync(Extent range, CancellationToken cancellationToken)
    {
        long end = PageWriter.AlignUp(range.EndBytes);
        for (long offset = range.OffsetBytes; offset < end; offset += MaxClearBytes)
        {
            Azure.HttpRange piece = new(offset, Math.Min(MaxClearBytes, end - offset));
            PageBlobRequestConditions conditions = await _turn.ConditionsAsync(cancellationToken);
            await StorageCall.RunAsync(blob.Uri, () => blob.ClearPagesAsync(piece, conditions, cancellationToken), cancellationToken);
        }
    }

    /// <summary>Whoever writes a place again calls this in between.</summary>
    public void EndTurn() => _turn.End();

    /// <summary>Replaces the blob's metadata.</summary>
    public Task DescribeAsync(IDictionary<string, string> metadata, CancellationToken cancellationToken) =>
        StorageCall.RunAsync(blob.Uri, () => blob.SetMetadataAsync(metadata, new BlobRequestConditions { LeaseId = leases.IdOf(blob) }, cancellationToken), cancellationToken);
}
