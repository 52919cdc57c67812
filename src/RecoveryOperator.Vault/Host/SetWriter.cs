using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Host;

/// <summary>Creates <c>set.json</c>, set or seal: whoever is first is right.</summary>
internal static class SetWriter
{
    public static Task<CommitResult> CreateAsync(BlobContainerClient log, SetManifest manifest, CancellationToken cancellationToken) => StorageCall.RunAsync(
        log.Uri,
        async () =>
        {
            byte[] content = VaultJson.Write(manifest);
            string hash = SetReader.Hash(content);
            BlockBlobClient blob = log.GetBlockBlobClient(VaultNames.Set(manifest.Epoch, manifest.Sequence));
            BoundedDownload.CheckDocument(blob.Uri, content.Length);
            BlobContentInfo? created = await CreateOnly.PutAsync(blob, content, WholeBlob.JsonOptions(CreateOnly.Condition()), cancellationToken);
            if (created is not null)
                return new CommitResult(CommitOutcome.Committed, new StoredSet(manifest, hash, created.LastModified));

            StoredSet standing = await SetReader.ReadAsync(log, manifest.Epoch, manifest.Sequence, cancellationToken) ?? throw Vanished(blob.Uri);
            return new CommitResult(Judge(standing, hash), standing);
        },
        cancellationToken);

    private static CommitOutcome Judge(StoredSet standing, string hash)
    {
        if (standing.Sha256 == hash)
            return CommitOutcome.Committed;

        return standing.Manifest.Kind == SetKind.Seal ? CommitOutcome.Fenced : CommitOutcome.Conflict;
    }

    private static VaultException Vanished(Uri blob) => new(
        VaultFault.Unavailable,
        VaultErrors.NameOf(blob),
        $"{VaultErrors.NameOf(blob)} could not be created because it exists, and could not be read because it does not.",
        "It is tried again by itself. If it lasts, look for somebody who deletes blobs of this container.");
}
