using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Verify;

/// <summary>Reads ranges of one snapshot. A storage that cannot be reached is waited for.</summary>
internal sealed class SnapshotReader(PageBlobClient snapshot, VerifyOptions options)
{
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(30);

    /// <summary>Name of the blob, for people.</summary>
    public string Name => VaultErrors.NameOf(snapshot.Uri);

    /// <summary>Fills the buffer.</summary>
    /// <exception cref="VaultException">NotFound when the snapshot is gone; Damaged when it ends before; others by their class.</exception>
    public Task ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) => WithPatienceAsync(
        async () =>
        {
            BlobDownloadOptions range = new() { Range = new HttpRange(offsetBytes, buffer.Length) };
            using BlobDownloadStreamingResult answer = await snapshot.DownloadStreamingAsync(range, cancellationToken);
            if (answer.Details.ContentLength != buffer.Length)
                throw Short(offsetBytes, buffer.Length, answer.Details.ContentLength);

            await answer.Content.ReadExactlyAsync(buffer, cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>Tells the allocated pages of a part of the blob.</summary>
    public Task ForEachPageRangeAsync(Extent part, Action<long, long> found, CancellationToken cancellationToken) => WithPatienceAsync(
        async () =>
        {
            GetPageRangesOptions range = new() { Range = new HttpRange(part.OffsetBytes, part.LengthBytes) };
            await foreach (PageRangeItem item in snapshot.GetAllPageRangesAsync(range, cancellationToken).WithCancellation(cancellationToken))
            {
                if (!item.IsClear)
                    found(item.Range.Offset, item.Range.Length ?? 0);
            }

            return true;
        },
        cancellationToken);

    private async Task WithPatienceAsync(Func<Task<bool>> call, CancellationToken cancellationToken)
    {
        long started = options.TimeProvider.GetTimestamp();
        for (TimeSpan pause = TimeSpan.FromSeconds(1); ; pause = pause * 2 < _longestPause ? pause * 2 : _longestPause)
        {
            try
            {
                await StorageCall.RunAsync(snapshot.Uri, call, cancellationToken);
                return;
            }
            catch (VaultException fault) when (fault.Fault == VaultFault.Unavailable && options.TimeProvider.GetElapsedTime(started) + pause < options.Patience)
            {
                await Task.Delay(pause, options.TimeProvider, cancellationToken);
            }
        }
    }

    private VaultException Short(long offsetBytes, int length, long found) => new(
        VaultFault.Damaged, Name, $"{Name} has {found} bytes from {offsetBytes} on, {length} are expected.", "Recover from another point, and look who wrote to the replica.");
}
