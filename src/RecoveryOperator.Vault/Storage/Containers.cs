using Azure;
using Azure.Storage.Blobs;

namespace RecoveryOperator.Vault.Storage;

/// <summary>Creating and deleting containers, idempotently.</summary>
internal static class Containers
{
    public static Task CreateAsync(BlobContainerClient container, CancellationToken cancellationToken) => StorageCall.RunAsync(
        container.Uri,
        () => container.CreateIfNotExistsAsync(cancellationToken: cancellationToken),
        cancellationToken);

    public static Task DeleteAsync(BlobContainerClient container, CancellationToken cancellationToken) => StorageCall.RunAsync(
        container.Uri,
        async () =>
        {
            try
            {
                return await container.DeleteIfExistsAsync(cancellationToken: cancellationToken);
            }
            catch (RequestFailedException fault) when (fault.ErrorCode == "ContainerBeingDeleted")
            {
                return Response.FromValue(false, fault.GetRawResponse()!);
            }
        },
        cancellationToken);
}
