using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>Reads ranges of a disk from its snapshot in the vault. The address is a secret: it is in no message and no log line.</summary>
internal sealed partial class VaultDiskReader(HttpClient http, TimeProvider time, ILogger logger)
{
    /// <summary>Fills <paramref name="content"/> with the disk's bytes from <paramref name="offsetBytes"/> on; failures that may pass are retried.</summary>
    /// <exception cref="HypervisorException">The vault does not give them.</exception>
    public async Task ReadAsync(ReplicaDisk disk, long offsetBytes, Memory<byte> content, VaultPatience patience, CancellationToken cancellationToken)
    {
        for (var retry = 0; ; retry++)
        {
            try
            {
                await AttemptAsync(disk, offsetBytes, content, patience.AttemptLimit, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (retry < patience.Retries && IsPassing(e, cancellationToken))
            {
                LogRetry(disk.Index, offsetBytes, retry + 1, e.Message);
                await Task.Delay(patience.Delay * (1 << retry), time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                throw Failure(disk, offsetBytes, (e as HttpRequestException)?.StatusCode, e);
            }
        }
    }

    private async Task AttemptAsync(ReplicaDisk disk, long offsetBytes, Memory<byte> content, TimeSpan? limit, CancellationToken cancellationToken)
    {
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = limit is { } span ? time.CreateTimer(_ => attempt.Cancel(), null, span, Timeout.InfiniteTimeSpan) : null;
        using var request = new HttpRequestMessage(HttpMethod.Get, disk.SnapshotUri);
        request.Headers.Range = new RangeHeaderValue(offsetBytes, offsetBytes + content.Length - 1);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, attempt.Token).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != offsetBytes)
        {
            throw new HttpRequestException(
                $"The vault answered {(int)response.StatusCode} where a part was asked for.", inner: null, response.StatusCode);
        }

        await using var body = await response.Content.ReadAsStreamAsync(attempt.Token).ConfigureAwait(false);
        await body.ReadExactlyAsync(content, attempt.Token).ConfigureAwait(false);
    }

    private static bool IsPassing(Exception error, CancellationToken cancellationToken) => error switch
    {
        HttpRequestException { StatusCode: null or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests } => true,
        HttpRequestException { StatusCode: >= HttpStatusCode.InternalServerError } => true,
        IOException => true,
        OperationCanceledException => !cancellationToken.IsCancellationRequested, // a time limit
        _ => false,
    };

    private static HypervisorException Failure(ReplicaDisk disk, long offsetBytes, HttpStatusCode? status, Exception cause) => new(
        status switch
        {
            HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized => HypervisorFault.AccessDenied,
            HttpStatusCode.NotFound => HypervisorFault.NotFound,
            HttpStatusCode.OK => HypervisorFault.Unsupported,
            _ => HypervisorFault.Transient,
        },
        $"Disk {disk.Index}: {disk.SnapshotUri.Host} did not give the bytes from {offsetBytes} on: {cause.Message}",
        "Check that the host reaches the vault, that the recovery point still exists and that its grant has not ended.",
        cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Disk {disk}: the request at byte {offset} failed and is retried ({retry}): {reason}")]
    private partial void LogRetry(int disk, long offset, int retry, string reason);
}
