using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Control;

/// <summary>Reads point documents.</summary>
internal static class RecoveryPoints
{
    private const int ParallelReads = 8;

    public static async Task<RecoveryPointDocument?> ReadAsync(BlobContainerClient replica, string blob, CancellationToken cancellationToken) =>
        (await new DocumentBlob<RecoveryPointDocument>(replica.GetBlockBlobClient(blob), emptyIsAbsent: true).ReadAsync(cancellationToken))?.Document.Value;

    /// <summary>Names of all listed points (an empty blob is a point that is not finished), oldest first: numbers in names are padded, so their order is the points'.</summary>
    public static async Task<List<string>> ListNamesAsync(BlobContainerClient replica, CancellationToken cancellationToken)
    {
        List<string> names = [];
        IAsyncEnumerable<BlobItem> blobs = StorageCall.ListAsync(
            replica.Uri,
            replica.GetBlobsAsync(new GetBlobsOptions { Prefix = VaultNames.PointPrefix }, cancellationToken),
            cancellationToken);
        await foreach (BlobItem blob in blobs.WithCancellation(cancellationToken))
        {
            if (blob.Properties.ContentLength > 0)
                names.Add(blob.Name);
        }


        names.Sort(StringComparer.Ordinal);
        return names;
    }

    public static async Task<IReadOnlyList<RecoveryPointDocument>> ListAsync(BlobContainerClient replica, CancellationToken cancellationToken)
    {
        List<string> names = await ListNamesAsync(replica, cancellationToken);
        RecoveryPointDocument?[] points = new RecoveryPointDocument?[names.Count];
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = ParallelReads, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, names.Count, parallel, async (index, token) => points[index] = await ReadAsync(replica, names[index], token));
        return [.. points.OfType<RecoveryPointDocument>()];
    }
}
