using System.Buffers;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// Writes to one page blob under its lease, a bounded number of requests in flight, each with a pooled buffer. Writes in flight have no order: whoever
/// writes a place twice drains in between, which ends the writer's turn.
/// </summary>
internal sealed class PageWriter(PageBlobClient blob, string? leaseId, int writesInFlight) : IAsyncDisposable
{
    public const int PageBytes = 512;
    public const int MaxWriteBytes = 4 * 1024 * 1024;
    private const long MaxClearBytes = 1024L * 1024 * 1024;

    private readonly SemaphoreSlim _free = new(writesInFlight, writesInFlight);
    private readonly List<Task> _running = [];
    private readonly WriteTurn _turn = new(blob, () => leaseId);

    /// <summary>Bytes written so far, padding included.</summary>
    public long WrittenBytes { get; private set; }

    /// <summary>Write and clear requests begun so far.</summary>
    public long Requests { get; private set; }

    public static long AlignUp(long bytes) => (bytes + PageBytes - 1) / PageBytes * PageBytes;

    /// <summary>Begins to write content at a multiple of 512; the last page is padded with zeros. The content is copied.</summary>
    public async ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        for (int done = 0; done < content.Length; done += MaxWriteBytes)
            await BeginWriteAsync(offsetBytes + done, content.Slice(done, Math.Min(MaxWriteBytes, content.Length - done)), cancellationToken);
    }

    /// <summary>Begins to clear a range; its end is rounded up to 512.</summary>
    public async ValueTask ClearAsync(Extent range, CancellationToken cancellationToken)
    {
        long end = AlignUp(range.EndBytes);
        for (long offset = range.OffsetBytes; offset < end; offset += MaxClearBytes)
        {
            Azure.HttpRange piece = new(offset, Math.Min(MaxClearBytes, end - offset));
            PageBlobRequestConditions conditions = await _turn.ConditionsAsync(cancellationToken);
            await BeginAsync(() => blob.ClearPagesAsync(piece, conditions, cancellationToken), cancellationToken);
        }
    }

    /// <summary>Waits until all that was begun is stored.</summary>
    /// <exception cref="VaultException">A write was refused.</exception>
    public async Task DrainAsync()
    {
        await Task.WhenAll(_running);
        _running.Clear();
        _turn.End();
    }

    /// <summary>Waits for what is still in flight after an error, so that nothing is written once the lease is given back.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _free.Dispose();
    }

    private async Task BeginWriteAsync(long offsetBytes, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        PageBlobRequestConditions conditions = await _turn.ConditionsAsync(cancellationToken);
        int length = (int)AlignUp(content.Length);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        content.CopyTo(buffer);
        buffer.AsSpan(content.Length, length - content.Length).Clear();
        WrittenBytes += length;
        try
        {
            await BeginAsync(() => UploadAsync(offsetBytes, buffer, length, conditions, cancellationToken), cancellationToken);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    private async Task UploadAsync(long offsetBytes, byte[] buffer, int length, PageBlobRequestConditions conditions, CancellationToken cancellationToken)
    {
        using MemoryStream stream = new(buffer, 0, length, writable: false);
        await blob.UploadPagesAsync(stream, offsetBytes, new PageBlobUploadPagesOptions { Conditions = conditions }, cancellationToken);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private async Task BeginAsync(Func<Task> request, CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        Requests++;
        if (_running.Find(task => task.IsFaulted || task.IsCanceled) is { } failed)
        {
            _free.Release();
            await failed;
        }

        // One that failed stays: a write that nobody hears of would be a page that is wrong below a point that says it is right.
        _running.RemoveAll(task => task.IsCompletedSuccessfully);
        _running.Add(RunAsync(request, cancellationToken));
    }

    private async Task RunAsync(Func<Task> request, CancellationToken cancellationToken)
    {
        try
        {
            await StorageCall.RunAsync(
                blob.Uri,
                async () =>
                {
                    await request();
                    return true;
                },
                cancellationToken);
        }
        finally
        {
            _free.Release();
        }
    }
}
