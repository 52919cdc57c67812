using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;
using RecoveryOperator.Vault.Vhd;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// Brings a disk's page blob and checksum table to the size that a set says, under their leases. Whether a disk is ready is told by the newest point
/// alone, so a crash on the way repeats all of it.
/// </summary>
internal sealed class ReplicaDiskOpener(ProtectionVault vault, LeaseSet leases, int writesInFlight)
{
    /// <summary>Opens a disk for a set. Null when another applier holds it.</summary>
    /// <param name="disk">The disk as in the set.</param>
    /// <param name="readySizeBytes">Its size in the newest point; null when it is in none.</param>
    /// <param name="createdAt">Time for the footer.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<PageBlobReplicaDisk?> OpenAsync(SetDisk disk, long? readySizeBytes, DateTimeOffset createdAt, CancellationToken cancellationToken)
    {
        PageBlobClient content = vault.Replica.GetPageBlobClient(VaultNames.Disk(disk.Index));
        PageBlobClient sums = vault.Log.GetPageBlobClient(VaultNames.Sums(disk.Index));
        long blobLength = FixedVhdFooter.BlobLengthOf(disk.SizeBytes);
        long tableLength = ChecksumTable.LengthOf(disk.SizeBytes);
        bool isReady = readySizeBytes == disk.SizeBytes;
        if (!await AcquireAsync(content, blobLength, isReady, cancellationToken) || !await AcquireAsync(sums, tableLength, isReady, cancellationToken))
            return null;

        PageWriter writer = new(content, leases.IdOf(content), writesInFlight);
        PageWriter sumsWriter = new(sums, leases.IdOf(sums), writesInFlight);
        PageBlobReplicaDisk replica = new(writer, sumsWriter, new ChecksumTable(sums, sumsWriter, tableLength));
        try
        {
            if (readySizeBytes is null)
                await sumsWriter.ClearAsync(new Extent(0, tableLength), cancellationToken);
            if (!isReady)
                await PrepareAsync(writer, disk, readySizeBytes, createdAt, cancellationToken);

            await sumsWriter.DrainAsync();
            return replica;
        }
        catch
        {
            // What is in flight ends first: the next try has the same lease, and a clear that comes late would wipe what that one wrote.
            await replica.DisposeAsync();
            throw;
        }
    }

    private async Task<bool> AcquireAsync(PageBlobClient blob, long lengthBytes, bool isReady, CancellationToken cancellationToken)
    {
        if (!isReady)
            await CreateAsync(blob, lengthBytes, cancellationToken);
        if (!await leases.TryAcquireAsync(blob, cancellationToken))
            return false;
        if (!isReady)
            await ResizeAsync(blob, lengthBytes, cancellationToken);

        return true;
    }

    private static Task<Azure.Response<BlobContentInfo>> CreateAsync(PageBlobClient blob, long lengthBytes, CancellationToken cancellationToken) => StorageCall.RunAsync(
        blob.Uri, () => blob.CreateIfNotExistsAsync(lengthBytes, cancellationToken: cancellationToken), cancellationToken);

    private Task<bool> ResizeAsync(PageBlobClient blob, long lengthBytes, CancellationToken cancellationToken) => StorageCall.RunAsync(
        blob.Uri,
        async () =>
        {
            BlobProperties standing = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
            if (standing.ContentLength != lengthBytes)
                await blob.ResizeAsync(lengthBytes, new PageBlobRequestConditions { LeaseId = leases.IdOf(blob) }, cancellationToken);

            return true;
        },
        cancellationToken);

    /// <summary>
    /// What lies between the smaller of two sizes and the new footer is an old footer, or the rest of a larger disk: zeros from now on. Then
    /// the footer. A disk that the newest point does not have is new, and all of it zeros: its blob may be of an earlier disk of the same index, or
    /// of a try that was cut off. Comes before any content of the set.
    /// </summary>
    private async Task PrepareAsync(PageWriter writer, SetDisk disk, long? readySizeBytes, DateTimeOffset createdAt, CancellationToken cancellationToken)
    {
        long footerOffset = FixedVhdFooter.OffsetOf(disk.SizeBytes);
        long smaller = Math.Min(readySizeBytes ?? 0, disk.SizeBytes);
        long from = PageWriter.AlignUp(smaller);
        long to = readySizeBytes is null ? footerOffset : Math.Min(FixedVhdFooter.BlobLengthOf(smaller), footerOffset);
        if (to > from)
            await writer.ClearAsync(new Extent(from, to - from), cancellationToken);

        await writer.WriteAsync(footerOffset, FixedVhdFooter.Create(vault.Id, disk.Index, disk.SizeBytes, createdAt), cancellationToken);
        await writer.DrainAsync();
    }
}
