using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace RecoveryOperator.Hypervisors.Images.Replicas;

/// <summary>
/// Downloads a disk from its snapshot in the vault, by ranges, several in flight, each retried. Areas of zeros are left out of the file.
/// The address is a secret: it is in no message and no log line.
/// </summary>
internal sealed partial class SnapshotDownload(HttpClient http, TimeSpan retryDelay, TimeProvider timeProvider, ILogger logger)
{
    /// <summary>Bytes of one request.</summary>
    public const int RangeBytes = 4 << 20;

    private const int RequestsInFlight = 4;
    private const int Retries = 3;
    private const int SparseBytes = 64 * 1024;

    /// <summary>Fills a new file with the first <see cref="ReplicaDisk.SizeBytes"/> bytes (a VHD footer behind them is cut off); durable.</summary>
    /// <exception cref="HypervisorException">The vault does not give it.</exception>
    public async Task ToFileAsync(ReplicaDisk disk, string path, Action<long> onReceived, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, FileOptions.Asynchronous);
        RandomAccess.SetLength(file, disk.SizeBytes);
        var ranges = (disk.SizeBytes + RangeBytes - 1) / RangeBytes;
        await Parallel.ForAsync(
            0,
            ranges,
            new ParallelOptions { MaxDegreeOfParallelism = RequestsInFlight, CancellationToken = cancellationToken },
            async (range, token) =>
            {
                var offset = range * RangeBytes;
                var lengthBytes = (int)Math.Min(RangeBytes, disk.SizeBytes - offset);
                var buffer = ArrayPool<byte>.Shared.Rent(lengthBytes);
                try
                {
                    var content = buffer.AsMemory(0, lengthBytes);
                    await FetchAsync(disk, offset, content, token);
                    await WriteSparseAsync(file, offset, content, token);
                    onReceived(lengthBytes);
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            });
        RandomAccess.FlushToDisk(file);
    }

    private async Task FetchAsync(ReplicaDisk disk, long offset, Memory<byte> content, CancellationToken cancellationToken)
    {
        for (var retry = 0; ; retry++)
        {
            try
            {
                await FetchOnceAsync(disk, offset, content, cancellationToken);
                return;
            }
            catch (Exception e) when (retry < Retries && IsPassing(e, cancellationToken))
            {
                LogRetry(disk.Index, offset, retry + 1, e.Message);
                await Task.Delay(retryDelay * (1 << retry), timeProvider, cancellationToken);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                throw Failure(disk, offset, (e as HttpRequestException)?.StatusCode, e);
            }
        }
    }

    private async Task FetchOnceAsync(ReplicaDisk disk, long offset, Memory<byte> content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, disk.SnapshotUri);
        request.Headers.Range = new RangeHeaderValue(offset, offset + content.Length - 1);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != offset)
        {
            throw new HttpRequestException(
                $"The vault answered {(int)response.StatusCode} where a part was asked for.", inner: null, response.StatusCode);
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await body.ReadExactlyAsync(content, cancellationToken);
    }

    private static bool IsPassing(Exception error, CancellationToken cancellationToken) => error switch
    {
        HttpRequestException { StatusCode: null or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests } => true,
        HttpRequestException { StatusCode: >= HttpStatusCode.InternalServerError } => true,
        IOException => true,
        OperationCanceledException => !cancellationToken.IsCancellationRequested, // the client's own time limit
        _ => false,
    };

    private static HypervisorException Failure(ReplicaDisk disk, long offset, HttpStatusCode? status, Exception cause) => new(
        status switch
        {
            HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized => HypervisorFault.AccessDenied,
            HttpStatusCode.NotFound => HypervisorFault.NotFound,
            HttpStatusCode.OK => HypervisorFault.Unsupported,
            _ => HypervisorFault.Transient,
        },
        $"Disk {disk.Index}: {disk.SnapshotUri.Host} did not give the bytes from {offset} on: {cause.Message}",
        "Check that the host reaches the vault, that the recovery point still exists and that its grant has not ended.",
        cause);

    private static async Task WriteSparseAsync(SafeFileHandle file, long offset, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        for (var start = 0; start < content.Length;)
        {
            var end = start;
            while (end < content.Length && content.Span[end..Math.Min(end + SparseBytes, content.Length)].ContainsAnyExcept((byte)0))
            {
                end = Math.Min(end + SparseBytes, content.Length);
            }

            if (end > start)
            {
                await RandomAccess.WriteAsync(file, content[start..end], offset + start, cancellationToken);
            }

            start = end + SparseBytes;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Disk {disk}: the request at byte {offset} failed and is retried ({retry}): {reason}")]
    private partial void LogRetry(int disk, long offset, int retry, string reason);
}
