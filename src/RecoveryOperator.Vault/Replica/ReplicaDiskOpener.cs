using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;
using RecoveryOperator.Vault.Vhd;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// Brings a disk's page blob and checksum table to the size that a set says, under their leases. Whether a disk is ready is told by the newest point
/// alone, so a crash on the way repeats all of it.
/// </summary>
internal sealed class ReplicaDiskOpener(ProtectionVault vault, LeaseSet leases, ReplicaApplierOptions options)
{
    /// <summary>Opens a disk for a set. Null when another applier holds it.</summary>
    /// <param name="disk">The disk as in the set.</param>
    /// <param name="readySizeBytes">Its size in the newest point; null when it is in none.</param>
    /// <param name="createdAt">Time for the footer.</param>
    /// <param name="mends">What lies behind the disk's end is written anew, too: a resynchronization compares blocks of the disk only.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<PageBlobReplicaDisk?> OpenAsync(SetDisk disk, long? readySizeBytes, DateTimeOffset createdAt, bool mends, CancellationToken cancellationToken)
    {
        PageBlobClient content = vault.Replica.GetPageBlobClient(VaultNames.Disk(disk.Index));
        PageBlobClient sums = vault.Log.GetPageBlobClient(VaultNames.Sums(disk.Index));
        long blobLength = FixedVhdFooter.BlobLengthOf(disk.SizeBytes);
        long tableLength = ChecksumTable.LengthOf(disk.SizeBytes);
        bool isReady = readySizeBytes == disk.SizeBytes;
        if (!await AcquireAsync(content, blobLength, isReady, cancellationToken) || !await AcquireAsync(sums, tableLength, isReady, cancellationToken))
            return null;

        PageWriter writer = new(content, LeaseOf(content), options.WritesInFlight);
        PageWriter sumsWriter = new(sums, LeaseOf(sums), options.WritesInFlight);
        ChecksumTable table = new(sums, sumsWriter, tableLength);
        PageBlobReplicaDisk replica = new(writer, sumsWriter, table);
        try
        {
            if (readySizeBytes is null)
                await sumsWriter.ClearAsync(new Extent(0, tableLength), cancellationToken);
            else if (!isReady)
                await ForgetAsync(table, sumsWriter, Math.Min(readySizeBytes.Value, disk.SizeBytes), tableLength, cancellationToken);
            if (!isReady || mends)
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

    private string? LeaseOf(PageBlobClient blob) => options.WritesCarryLease ? leases.IdOf(blob) : null;

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
                await blob.ResizeAsync(lengthBytes, new PageBlobRequestConditions { LeaseId = leases.IdOf(blob), IfMatch = standing.ETag }, cancellationToken);

            return true;
        },
        cancellationToken);

    /// <summary>
    /// The checksums behind the smaller of two sizes are of blocks that were cut off, or not there yet: zeros. A table's last page holds some of them also after the
    /// table was shortened.
    /// </summary>
    private static async Task ForgetAsync(ChecksumTable table, PageWriter writer, long smallerBytes, long tableLength, CancellationToken cancellationToken)
    {
        long blocks = BlockSize.Count(smallerBytes);
        long from = blocks * BlockChecksum.LengthBytes;
        long pageEnd = Math.Min(PageWriter.AlignUp(from), tableLength);
        if (pageEnd > from)
            await table.SetAsync(blocks * BlockSize.Bytes, new byte[pageEnd - from], cancellationToken);
        await table.FlushAsync(cancellationToken);
        if (tableLength > pageEnd)
            await writer.ClearAsync(new Extent(pageEnd, tableLength - pageEnd), cancellationToken);
    }

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
