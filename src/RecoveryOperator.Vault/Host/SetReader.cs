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
    public static Task<StoredSet?> ReadAsync(BlobContainerClient log, long epoch, long sequence, CancellationToken cancellationToken)
    {
        BlobClient blob = log.GetBlobClient(VaultNames.Set(epoch, sequence));
        return StorageCall.RunAsync(blob.Uri, () => FindAsync(blob, cancellationToken), cancellationToken);
    }

    /// <summary>What stands at a sequence, as far as it can be read, or null when the sequence is free.</summary>
    /// <param name="log">The log container.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="sequence">The sequence.</param>
    /// <param name="passNewer">Also what was written by a newer version, or says so, counts as something that cannot be read; otherwise it is an error.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task<StandingSet?> ReadStandingAsync(BlobContainerClient log, long epoch, long sequence, bool passNewer, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(log, epoch, sequence, cancellationToken) is { } set ? new StandingSet(set, set.Sha256) : null;
        }
        catch (VaultException unreadable) when (unreadable.Fault == VaultFault.Damaged || (passNewer && unreadable.Fault == VaultFault.Unsupported))
        {
            return await ReadHashAsync(log.GetBlobClient(VaultNames.Set(epoch, sequence)), cancellationToken);
        }
    }

    public static string Hash(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Whether anything stands at a sequence.</summary>
    public static async Task<bool> IsTakenAsync(BlobContainerClient log, long epoch, long sequence, CancellationToken cancellationToken) => await StorageCall.RunAsync(
        log.Uri,
        () => FoundAsync(async () => (BlobProperties)await log.GetBlobClient(VaultNames.Set(epoch, sequence)).GetPropertiesAsync(cancellationToken: cancellationToken)),
        cancellationToken) is not null;

    private static async Task<StoredSet?> FindAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        if (await FoundAsync(() => BoundedDownload.DocumentAsync(blob, cancellationToken)) is not { } found)
            return null;

        SetManifest manifest = VaultJson.Read<SetManifest>(found.Content, VaultErrors.NameOf(blob.Uri));
        return new StoredSet(manifest, Hash(found.Content.Span), found.LastModified);
    }

    /// <summary>What stands at a sequence and cannot be read as a manifest. Null when the sequence is free.</summary>
    private static Task<StandingSet?> ReadHashAsync(BlobClient blob, CancellationToken cancellationToken) => StorageCall.RunAsync(
        blob.Uri,
        () => FoundAsync(async () =>
        {
            try
            {
                byte[]? sha256 = await BoundedDownload.HashAsync(blob, cancellationToken);
                return new StandingSet(null, sha256 is null ? null : Convert.ToHexStringLower(sha256));
            }
            catch (RequestFailedException archived) when (VaultErrors.IsArchived(archived))
            {
                return new StandingSet(null, null);
            }
        }),
        cancellationToken);

    private static async Task<T?> FoundAsync<T>(Func<Task<T>> read)
        where T : class
    {
        try
        {
            return await read();
        }
        catch (RequestFailedException fault) when (VaultErrors.IsBlobNotFound(fault))
        {
            return null;
        }
    }
}

/// <summary>What stands at a sequence.</summary>
/// <param name="Set">The set or seal; null when it cannot be read.</param>
/// <param name="Sha256">SHA-256 (hex) of its bytes; null when it is larger than a document may be, or in the archive tier.</param>
internal sealed record StandingSet(StoredSet? Set, string? Sha256);
