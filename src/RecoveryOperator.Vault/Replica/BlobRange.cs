using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica;

/// <summary>Ranges of blobs: their bytes, and which of them hold pages.</summary>
internal static class BlobRange
{
    /// <summary>Fills a buffer from an offset on. What lies behind the blob's end is an error.</summary>
    public static Task<bool> ReadAsync(
        BlobBaseClient blob, long offsetBytes, Memory<byte> buffer, BlobRequestConditions? conditions, CancellationToken cancellationToken) => StorageCall.RunAsync(
        blob.Uri,
        async () =>
        {
            BlobDownloadOptions options = new() { Range = new HttpRange(offsetBytes, buffer.Length), Conditions = conditions };
            using BlobDownloadStreamingResult answer = await blob.DownloadStreamingAsync(options, cancellationToken);
            await answer.Content.ReadExactlyAsync(buffer, cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>The parts of a range that hold pages; the rest reads as zeros.</summary>
    public static async Task<List<Extent>> AllocatedAsync(PageBlobClient blob, Extent range, CancellationToken cancellationToken)
    {
        List<Extent> allocated = [];
        GetPageRangesOptions options = new() { Range = new HttpRange(range.OffsetBytes, range.LengthBytes) };
        await foreach (PageRangeItem item in StorageCall.ListAsync(blob.Uri, blob.GetAllPageRangesAsync(options, cancellationToken), cancellationToken)
            .WithCancellation(cancellationToken))
        {
            if (!item.IsClear)
                allocated.Add(new Extent(item.Range.Offset, item.Range.Length!.Value));
        }

        return allocated;
    }
}
