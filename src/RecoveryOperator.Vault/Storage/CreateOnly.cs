using System.Runtime.InteropServices;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace RecoveryOperator.Vault.Storage;

/// <summary>A Put Blob that never overwrites.</summary>
internal static class CreateOnly
{
    public static BlobRequestConditions Condition() => new() { IfNoneMatch = ETag.All };

    /// <summary>
    /// Creates the blob in one request. Null when a blob stands there already, be it another's or our own from a try whose answer
    /// was lost: the caller reads back.
    /// </summary>
    /// <exception cref="RequestFailedException">Refused, and no blob stands there.</exception>
    public static async Task<BlobContentInfo?> PutAsync(
        BlockBlobClient client, ReadOnlyMemory<byte> content, BlobUploadOptions options, CancellationToken cancellationToken)
    {
        ArraySegment<byte> bytes = MemoryMarshal.TryGetArray(content, out ArraySegment<byte> array) ? array : content.ToArray();
        using MemoryStream stream = new(bytes.Array!, bytes.Offset, bytes.Count, writable: false);
        return await PutAsync(client, stream, options, cancellationToken);
    }

    /// <summary>
    /// The same, from a stream's beginning on: read once for the checksum that the storage compares, and again for every try. A stream that fails within the first reading leaves nothing.
    /// </summary>
    /// <exception cref="RequestFailedException">Refused, and no blob stands there.</exception>
    public static async Task<BlobContentInfo?> PutAsync(BlockBlobClient client, Stream content, BlobUploadOptions options, CancellationToken cancellationToken)
    {
        content.Position = 0;
        try
        {
            return await client.UploadAsync(content, options, cancellationToken);
        }
        catch (RequestFailedException fault) when (VaultErrors.IsStandInTheWay(fault))
        {
            // 403 is the answer to "may not overwrite" as well as to "may not create": only the blob itself can tell.
            if (fault.Status == 403 && !await StandsAsync(client, cancellationToken))
                throw;

            return null;
        }
    }

    private static async Task<bool> StandsAsync(BlockBlobClient client, CancellationToken cancellationToken)
    {
        try
        {
            await client.GetPropertiesAsync(cancellationToken: cancellationToken);
            return true;
        }
        catch (RequestFailedException fault) when (fault.Status is 403 or 404)
        {
            return false;
        }
    }
}
