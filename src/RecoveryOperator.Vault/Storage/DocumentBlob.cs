using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Vault.Storage;

/// <summary>A small JSON blob: read with its ETag, created if absent, replaced if unchanged. A lost answer is settled by reading back.</summary>
internal sealed class DocumentBlob<T>(BlockBlobClient blob, bool emptyIsAbsent = false, Func<T, IDictionary<string, string>>? describe = null)
    where T : class
{
    private const int MaxTries = 16;

    private string Name => VaultErrors.NameOf(blob.Uri);

    /// <summary>The document, or null when the blob is not there.</summary>
    public Task<StoredDocument<T>?> ReadAsync(CancellationToken cancellationToken) =>
        StorageCall.RunAsync(blob.Uri, () => FindAsync(cancellationToken), cancellationToken);

    /// <summary>Creates the blob. Null when one of other content stands there.</summary>
    public Task<Versioned<T>?> CreateAsync(T document, CancellationToken cancellationToken) =>
        WriteAsync(document, new BlobRequestConditions { IfNoneMatch = ETag.All }, cancellationToken);

    /// <summary>Replaces the blob if it still has this ETag. Null when somebody else wrote.</summary>
    public Task<Versioned<T>?> ReplaceAsync(T document, string etag, CancellationToken cancellationToken) =>
        WriteAsync(document, new BlobRequestConditions { IfMatch = new ETag(etag) }, cancellationToken);

    /// <summary>Reads, changes and writes until nobody wrote in between: somebody gets on with each try, so a few are enough.</summary>
    /// <param name="change">What shall stand there, of what stands there (null: nothing does). Null: it is left as it is.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>False when it was left.</returns>
    /// <exception cref="VaultException">Conflict: each try was refused, by a lease for example.</exception>
    public async Task<bool> ChangeAsync(Func<T?, T?> change, CancellationToken cancellationToken)
    {
        for (int tries = 0; tries < MaxTries; tries++)
        {
            Versioned<T>? standing = (await ReadAsync(cancellationToken))?.Document;
            if (change(standing?.Value) is not { } next)
                return false;
            Versioned<T>? written = standing is null ? await CreateAsync(next, cancellationToken) : await ReplaceAsync(next, standing.ETag, cancellationToken);
            if (written is not null)
                return true;
        }

        throw new VaultException(
            VaultFault.Conflict,
            Name,
            $"{Name} could not be written: each of {MaxTries} tries met another content than it had read, or a lease.",
            "It is tried again by itself. If it lasts, look for somebody else who writes to this blob, or holds a lease on it.");
    }

    /// <summary>Replaces the blob under a lease, as it was read or written last: what a former write repeated, and arrives late, is refused then.</summary>
    /// <exception cref="VaultException">Conflict: the lease is lost, or the blob has another ETag and other content.</exception>
    public async Task<Versioned<T>> ReplaceLeasedAsync(T document, string etag, string leaseId, CancellationToken cancellationToken) =>
        await WriteAsync(document, new BlobRequestConditions { LeaseId = leaseId, IfMatch = new ETag(etag) }, cancellationToken)
        ?? throw new VaultException(
            VaultFault.Conflict,
            Name,
            $"{Name} is not as it was last read, or its lease was lost.",
            "It is read again, and tried again, by itself. If it lasts, look for somebody else who writes to this blob.");

    /// <summary>Writes under a lease, whatever stands there: for what may be put back by a repeated write that arrives late.</summary>
    public Task<Versioned<T>> OverwriteAsync(T document, string leaseId, CancellationToken cancellationToken) => StorageCall.RunAsync(
        blob.Uri,
        async () => await PutAsync(document, VaultJson.Write(document), new BlobRequestConditions { LeaseId = leaseId }, cancellationToken),
        cancellationToken);

    /// <summary>ETag of what stands there, readable or not; null when nothing does.</summary>
    public Task<string?> ETagAsync(CancellationToken cancellationToken) => StorageCall.RunAsync(
        blob.Uri,
        async () =>
        {
            try
            {
                return (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value.ETag.ToString();
            }
            catch (RequestFailedException fault) when (VaultErrors.IsBlobNotFound(fault))
            {
                return null;
            }
        },
        cancellationToken);

    private Task<Versioned<T>?> WriteAsync(T document, BlobRequestConditions conditions, CancellationToken cancellationToken) => StorageCall.RunAsync(
        blob.Uri,
        async () =>
        {
            byte[] content = VaultJson.Write(document);
            try
            {
                return await PutAsync(document, content, conditions, cancellationToken);
            }
            catch (RequestFailedException fault) when (VaultErrors.IsStandInTheWay(fault) && fault.Status != 403)
            {
                StoredDocument<T>? standing = await FindAsync(cancellationToken);
                return standing is not null && standing.Content.Span.SequenceEqual(content) ? standing.Document : null;
            }
        },
        cancellationToken);

    private async Task<Versioned<T>> PutAsync(T document, byte[] content, BlobRequestConditions conditions, CancellationToken cancellationToken)
    {
        BoundedDownload.CheckDocument(blob.Uri, content.Length);
        using MemoryStream stream = new(content, writable: false);
        BlobUploadOptions options = WholeBlob.JsonOptions(conditions);
        options.Metadata = describe?.Invoke(document);
        Response<BlobContentInfo> answer = await blob.UploadAsync(stream, options, cancellationToken);
        return new Versioned<T>(document, answer.Value.ETag.ToString());
    }

    private async Task<StoredDocument<T>?> FindAsync(CancellationToken cancellationToken)
    {
        try
        {
            DownloadedBlob found = await BoundedDownload.DocumentAsync(blob, cancellationToken);
            ReadOnlyMemory<byte> content = found.Content;
            if (content.IsEmpty && emptyIsAbsent)
                return null;

            Versioned<T> document = new(VaultJson.Read<T>(content, Name), found.ETag.ToString());
            return new StoredDocument<T>(document, content, found.LastModified);
        }
        catch (RequestFailedException fault) when (VaultErrors.IsBlobNotFound(fault))
        {
            return null;
        }
    }
}

/// <summary>A document with its bytes and the storage's time of writing.</summary>
internal sealed record StoredDocument<T>(Versioned<T> Document, ReadOnlyMemory<byte> Content, DateTimeOffset StoredAt);
