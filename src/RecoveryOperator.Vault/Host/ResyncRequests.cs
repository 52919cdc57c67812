using System.Globalization;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Host;

/// <summary>A host's requests for checksums: created by the host, read by the vault agent.</summary>
internal static class ResyncRequests
{
    /// <summary>More requests than this for one sequence are no accident.</summary>
    private const int MaxRequests = 10_000;

    /// <summary>Creates a request under the first free number.</summary>
    public static Task<ResyncRequestDocument> CreateAsync(BlobContainerClient log, ResyncRequestDocument request, CancellationToken cancellationToken) => StorageCall.RunAsync(
        log.Uri,
        async () =>
        {
            for (int number = request.Request; number < MaxRequests; number++)
            {
                ResyncRequestDocument numbered = request with { Request = number };
                BlockBlobClient blob = log.GetBlockBlobClient(VaultNames.ResyncRequest(request.Epoch, request.Sequence, number));
                byte[] content = VaultJson.Write(numbered);
                if (await CreateOnly.PutAsync(blob, content, WholeBlob.JsonOptions(CreateOnly.Condition()), cancellationToken) is not null)
                    return numbered;

                if (await BoundedDownload.HoldsAsync(blob, content, cancellationToken))
                    return numbered;
            }

            throw TooMany(log, request);
        },
        cancellationToken);

    /// <summary>A request, or null when the number is free.</summary>
    public static async Task<ResyncRequestDocument?> ReadAsync(
        BlobContainerClient log, long epoch, long sequence, int number, CancellationToken cancellationToken)
    {
        BlockBlobClient blob = log.GetBlockBlobClient(VaultNames.ResyncRequest(epoch, sequence, number));
        return (await new DocumentBlob<ResyncRequestDocument>(blob).ReadAsync(cancellationToken))?.Document.Value;
    }

    private static VaultException TooMany(BlobContainerClient log, ResyncRequestDocument request) => new(
        VaultFault.Conflict,
        $"{log.Name}/{VaultNames.SetFolder(request.Epoch, request.Sequence)}",
        string.Create(CultureInfo.InvariantCulture, $"There are {MaxRequests} requests for checksums before set {request.Sequence} of epoch {request.Epoch} already."),
        "Look for a second host that ships for the same VM; delete the resync.*.json blobs of that folder.");
}
