using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Host;

/// <summary>Reads sets and seals of a log container.</summary>
internal static class SetReader
{
    /// <summary>The set or seal, or null when the sequence is free.</summary>
    public static Task<StoredSet?> ReadAsync(BlobContainerClient log, long epoch, long sequence, CancellationToken cancellationToken) =>
        StorageCall.RunAsync(log.Uri, () => FindAsync(log.GetBlobClient(VaultNames.Set(epoch, sequence)), cancellationToken), cancellationToken);

    public static string Hash(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static async Task<StoredSet?> FindAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            BlobDownloadResult found = await blob.DownloadContentAsync(cancellationToken);
            ReadOnlyMemory<byte> content = found.Content.ToMemory();
            SetManifest manifest = VaultJson.Read<SetManifest>(content, VaultErrors.NameOf(blob.Uri));
            return new StoredSet(manifest, Hash(content.Span), found.Details.LastModified);
        }
        catch (RequestFailedException fault) when (VaultErrors.IsBlobNotFound(fault))
        {
            return null;
        }
    }
}
