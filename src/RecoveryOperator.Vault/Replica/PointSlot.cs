using System.Globalization;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// The place of one point. It is taken, as an empty blob, before the set is applied, and filled by its ETag at the end: an applier that was stalled and
/// replaced has an old ETag and cannot list a point any more, whose snapshots its successor removed. Readers skip empty blobs.
/// </summary>
internal sealed class PointSlot
{
    private const int MostTries = 3;

    private readonly BlockBlobClient _blob;
    private readonly ETag _etag;

    private PointSlot(BlockBlobClient blob, ETag etag, RecoveryPointDocument? standing, bool isFresh)
    {
        _blob = blob;
        _etag = etag;
        Standing = standing;
        IsFresh = isFresh;
    }

    /// <summary>The point that stands there already.</summary>
    public RecoveryPointDocument? Standing { get; }

    /// <summary>Nobody tried this set before, so it can have no snapshots yet.</summary>
    public bool IsFresh { get; }

    public static Task<PointSlot> TakeAsync(ProtectionVault vault, long epoch, long sequence, CancellationToken cancellationToken)
    {
        BlockBlobClient blob = vault.Replica.GetBlockBlobClient(VaultNames.Point(epoch, sequence));
        return StorageCall.RunAsync(blob.Uri, () => TakeAsync(blob, cancellationToken), cancellationToken);
    }

    /// <summary>Lists the point.</summary>
    /// <exception cref="VaultException">Conflict: somebody took the place meanwhile.</exception>
    public Task FillAsync(RecoveryPointDocument point, CancellationToken cancellationToken) => StorageCall.RunAsync(
        _blob.Uri,
        async () =>
        {
            byte[] content = VaultJson.Write(point);
            BoundedDownload.CheckDocument(_blob.Uri, content.Length);
            try
            {
                await PutAsync(_blob, content, new BlobRequestConditions { IfMatch = _etag }, PointIndex.Describe(point), cancellationToken);
            }
            catch (RequestFailedException fault) when (fault.Status == 412)
            {
                if (!await BoundedDownload.HoldsAsync(_blob, content, cancellationToken))
                    throw;
            }

            return true;
        },
        cancellationToken);

    /// <summary>Whether the place was ever taken: a set of which a byte was written has its place.</summary>
    public static async Task<bool> IsTakenAsync(ProtectionVault vault, long epoch, long sequence, CancellationToken cancellationToken)
    {
        BlockBlobClient blob = vault.Replica.GetBlockBlobClient(VaultNames.Point(epoch, sequence));
        return await StorageCall.RunAsync(blob.Uri, async () => (await blob.ExistsAsync(cancellationToken)).Value, cancellationToken);
    }

    /// <summary>Gives a place up that was taken and never filled: its set is damaged. Whoever still holds its ETag can list no point any more.</summary>
    public static Task AbandonAsync(ProtectionVault vault, long epoch, long sequence, CancellationToken cancellationToken)
    {
        BlockBlobClient blob = vault.Replica.GetBlockBlobClient(VaultNames.Point(epoch, sequence));
        return StorageCall.RunAsync(
            blob.Uri,
            async () =>
            {
                try
                {
                    BlobProperties standing = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
                    return standing.ContentLength == 0
                        && await blob.DeleteIfExistsAsync(conditions: new BlobRequestConditions { IfMatch = standing.ETag }, cancellationToken: cancellationToken);
                }
                catch (RequestFailedException fault) when (VaultErrors.IsBlobNotFound(fault))
                {
                    return false;
                }
            },
            cancellationToken);
    }

    /// <summary>
    /// Takes a point off the list: it is not what its set makes of the replica any more. Its place stays taken, so that the next try of its set removes its snapshots.
    /// </summary>
    /// <param name="vault">The protection's part of the vault.</param>
    /// <param name="epoch">Epoch of the point.</param>
    /// <param name="sequence">Sequence of the point.</param>
    /// <param name="confirm">Asked between looking and writing: whether what was seen was seen under the lease. Otherwise it could be a successor's.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static Task EmptyAsync(ProtectionVault vault, long epoch, long sequence, Func<CancellationToken, Task> confirm, CancellationToken cancellationToken)
    {
        BlockBlobClient blob = vault.Replica.GetBlockBlobClient(VaultNames.Point(epoch, sequence));
        return StorageCall.RunAsync(
            blob.Uri,
            async () =>
            {
                try
                {
                    BlobProperties standing = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
                    if (standing.ContentLength == 0)
                        return false;

                    await confirm(cancellationToken);
                    await PutAsync(blob, [], new BlobRequestConditions { IfMatch = standing.ETag }, Nonce(), cancellationToken);
                    return true;
                }
                catch (RequestFailedException fault) when (VaultErrors.IsBlobNotFound(fault))
                {
                    return false;
                }
            },
            cancellationToken);
    }

    private static async Task<PointSlot> TakeAsync(BlockBlobClient blob, CancellationToken cancellationToken)
    {
        for (int tries = 1; ; tries++)
        {
            BlobContentInfo? created = await CreateOnly.PutAsync(blob, ReadOnlyMemory<byte>.Empty, Options(CreateOnly.Condition(), Nonce()), cancellationToken);
            if (created is not null)
                return new PointSlot(blob, created.ETag, null, isFresh: tries == 1);

            try
            {
                return await TakeStandingAsync(blob, cancellationToken);
            }
            catch (RequestFailedException fault) when (VaultErrors.IsBlobNotFound(fault) && tries < MostTries)
            {
                cancellationToken.ThrowIfCancellationRequested(); // A stalled applier gave it up between the two requests: it is free.
            }
        }
    }

    private static async Task<PointSlot> TakeStandingAsync(BlockBlobClient blob, CancellationToken cancellationToken)
    {
        DownloadedBlob found = await BoundedDownload.DocumentAsync(blob, cancellationToken);
        if (!found.Content.IsEmpty)
        {
            RecoveryPointDocument standing = VaultJson.Read<RecoveryPointDocument>(found.Content, VaultErrors.NameOf(blob.Uri));
            return new PointSlot(blob, found.ETag, standing, isFresh: false);
        }

        BlobContentInfo retaken = await PutAsync(blob, [], new BlobRequestConditions { IfMatch = found.ETag }, Nonce(), cancellationToken);
        return new PointSlot(blob, retaken.ETag, null, isFresh: false);
    }

    private static async Task<BlobContentInfo> PutAsync(
        BlockBlobClient blob, byte[] content, BlobRequestConditions conditions, IDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        using MemoryStream stream = new(content, writable: false);
        return await blob.UploadAsync(stream, Options(conditions, metadata), cancellationToken);
    }

    private static BlobUploadOptions Options(BlobRequestConditions conditions, IDictionary<string, string> metadata)
    {
        BlobUploadOptions options = WholeBlob.JsonOptions(conditions);
        options.Metadata = metadata;
        return options;
    }

    private static Dictionary<string, string> Nonce() => new() { ["taken"] = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture) };
}
