using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Control;

/// <summary>Reads a little of everything that a point consists of: its record, the end of each disk's snapshot, and each checksum table's snapshot.</summary>
internal static class PointProbe
{
    private const int FooterBytes = 512;
    private const long Mebibyte = 1 << 20;

    public static async Task ConfirmAsync(BlobContainerClient replica, BlobContainerClient log, RecoveryPointDocument point, CancellationToken cancellationToken)
    {
        foreach (PointDisk disk in point.Disks)
        {
            long dataBytes = (disk.SizeBytes + Mebibyte - 1) / Mebibyte * Mebibyte;
            BlobClient blob = replica.GetBlobClient(disk.Blob).WithSnapshot(disk.Snapshot);
            byte[] footer = await ReadAsync(blob, dataBytes, cancellationToken);
            if (footer.Length != FooterBytes || !footer.AsSpan().StartsWith("conectix"u8))
                throw Damaged(blob.Uri, $"The snapshot {disk.Snapshot} of {disk.Blob} does not end in a disk footer behind {dataBytes} bytes.");

            BlobClient sums = log.GetBlobClient(VaultNames.Sums(disk.Index)).WithSnapshot(disk.SumsSnapshot);
            await StorageCall.RunAsync(sums.Uri, () => sums.GetPropertiesAsync(cancellationToken: cancellationToken), cancellationToken);
        }
    }

    private static Task<byte[]> ReadAsync(BlobClient blob, long offset, CancellationToken cancellationToken) => StorageCall.RunAsync(
        blob.Uri,
        async () =>
        {
            BlobDownloadOptions range = new() { Range = new HttpRange(offset, FooterBytes) };
            return (await blob.DownloadContentAsync(range, cancellationToken)).Value.Content.ToArray();
        },
        cancellationToken);

    private static VaultException Damaged(Uri target, string finding) =>
        new(VaultFault.Damaged, VaultErrors.NameOf(target), finding, "Recover from another point, and look who wrote to the replica.");
}
