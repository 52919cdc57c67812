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

    /// <summary>SHA-256 (hex) of what stands at a sequence, whether it can be read as a manifest or not. Null when the sequence is free.</summary>
    public static async Task<string?> ReadHashAsync(BlobContainerClient log, long epoch, long sequence, CancellationToken cancellationToken) =>
        await StorageCall.RunAsync(log.Uri, () => FindBytesAsync(log.GetBlobClient(VaultNames.Set(epoch, sequence)), cancellationToken), cancellationToken) is { } found
            ? Hash(found.Content.ToMemory().Span)
            : null;

    private static async Task<StoredSet?> FindAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        if (await FindBytesAsync(blob, cancellationToken) is not { } found)
            return null;

        ReadOnlyMemory<byte> content = found.Content.ToMemory();
        SetManifest manifest = VaultJson.Read<SetManifest>(content, VaultErrors.NameOf(blob.Uri));
        return new StoredSet(manifest, Hash(content.Span), found.Details.LastModified);
    }

    private static async Task<BlobDownloadResult?> FindBytesAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            return await blob.DownloadContentAsync(cancellationToken);
        }
        catch (RequestFailedException fault) when (VaultErrors.IsBlobNotFound(fault))
        {
            return null;
        }
    }
}
