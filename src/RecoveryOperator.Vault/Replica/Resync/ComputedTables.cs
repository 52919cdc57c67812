using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica.Resync;

/// <summary>Tables that were computed from the page blobs: they become the stored ones with the set that was compared with them, and go after it.</summary>
internal sealed class ComputedTables(ProtectionVault vault, LeaseSet leases)
{
    private const int PieceBytes = 4 * 1024 * 1024;

    /// <summary>Copies one over the stored table of its disk, which has its new size already.</summary>
    /// <exception cref="SetDamageException">It is not there as it was answered.</exception>
    public async Task TakeOverAsync(AnsweredTable table, long diskSizeBytes, CancellationToken cancellationToken)
    {
        PageBlobClient computed = vault.Log.GetPageBlobClient(table.Blob);
        LeasedPages stored = new(vault.Log.GetPageBlobClient(VaultNames.Sums(table.Index)), leases);
        long length = Math.Min(ChecksumTable.LengthOf(table.SizeBytes), ChecksumTable.LengthOf(diskSizeBytes));
        byte[] piece = new byte[Math.Min(PieceBytes, length)];
        for (long offset = 0; offset < length; offset += PieceBytes)
        {
            int count = (int)Math.Min(PieceBytes, length - offset);
            await ReadAsync(computed, table.Etag, offset, piece.AsMemory(0, count), cancellationToken);
            await stored.WriteAsync(offset, piece, count, cancellationToken);
        }
    }

    /// <summary>Removes all of them: the set that some were computed for is applied.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        List<string> names = [];
        GetBlobsOptions options = new() { Prefix = VaultNames.ComputedSumsPrefix };
        await foreach (BlobItem blob in StorageCall.ListAsync(vault.Log.Uri, vault.Log.GetBlobsAsync(options, cancellationToken), cancellationToken).WithCancellation(cancellationToken))
            names.Add(blob.Name);

        foreach (string name in names)
        {
            BlobBaseClient blob = vault.Log.GetBlobBaseClient(name);
            await StorageCall.RunAsync(blob.Uri, () => blob.DeleteIfExistsAsync(cancellationToken: cancellationToken), cancellationToken);
        }

        return names.Count;
    }

    private static async Task ReadAsync(PageBlobClient computed, string etag, long offset, Memory<byte> piece, CancellationToken cancellationToken)
    {
        try
        {
            await BlobRange.ReadAsync(computed, offset, piece, new BlobRequestConditions { IfMatch = new ETag(etag) }, cancellationToken);
        }
        catch (VaultException gone) when (gone.Fault is VaultFault.Conflict or VaultFault.NotFound)
        {
            throw new SetDamageException(computed.Name, "ComparedWithAnother: the checksums that were computed for it are not there as they were answered", gone);
        }
    }
}
