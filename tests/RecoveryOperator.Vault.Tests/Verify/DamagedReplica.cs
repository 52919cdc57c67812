using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Vault.Tests.Verify;

/// <summary>Damage behind everybody's back: no lease is held while nobody applies.</summary>
internal static class DamagedReplica
{
    /// <summary>Changes one bit of the replica's disk; points made from then on have it.</summary>
    public static async Task FlipAsync(ProtectionVault vault, int disk, long offset)
    {
        const int PageBytes = 512;
        CancellationToken token = TestContext.Current.CancellationToken;
        PageBlobClient blob = vault.Replica.GetPageBlobClient(VaultNames.Disk(disk));
        long page = offset / PageBytes * PageBytes;
        Azure.Storage.Blobs.Models.BlobDownloadOptions range = new() { Range = new Azure.HttpRange(page, PageBytes) };
        byte[] content = (await blob.DownloadContentAsync(range, token)).Value.Content.ToArray();
        content[offset - page] ^= 1;
        await blob.UploadPagesAsync(new MemoryStream(content), page, cancellationToken: token);
    }
}
