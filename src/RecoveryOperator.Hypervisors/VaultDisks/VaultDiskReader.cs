using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>Reads ranges of a snapshot in the vault. The address is a secret: it is in no message and no log line.</summary>
internal sealed partial class VaultDiskReader(HttpClient http, TimeProvider time, ILogger logger)
{
    /// <summary>Fills <paramref name="content"/> with a disk's bytes from <paramref name="offsetBytes"/> on; failures that may pass are retried.</summary>
    /// <exception cref="HypervisorException">The vault does not give them.</exception>
    public Task ReadAsync(ReplicaDisk disk, long offsetBytes, Memory<byte> content, VaultPatience patience, CancellationToken cancellationToken) =>
        ReadAsync(VaultSource.ContentOf(disk), offsetBytes, content, patience, turns: null, cancellationToken);

    /// <summary>The same of any snapshot, each attempt in its turn: none is held while it waits to try again.</summary>
    /// <exception cref="HypervisorException">The vault does not give them.</exception>
    public async Task ReadAsync(VaultSource source, long offsetBytes, Memory<byte> content, VaultPatience patience, VaultTurns? turns, CancellationToken cancellationToken)
    {
        for (var retry = 0; ; retry++)
        {
            try
            {
                using var turn = turns is null ? null : await turns.TakeAsync(source.Uri, cancellationToken).ConfigureAwait(false);
                await AttemptAsync(source, offsetBytes, content, patience.IdleLimit ?? Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (retry < patience.Retries && IsPassing(e, cancellationToken))
            {
                LogRetry(source.Name, offsetBytes, retry + 1, e.Message);
                await Task.Delay(patience.Delay * (1 << retry), time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                throw Failure(source, offsetBytes, (e as HttpRequestException)?.StatusCode, e);
            }
        }
    }

    private async Task AttemptAsync(VaultSource source, long offsetBytes, Memory<byte> content, TimeSpan idleLimit, CancellationToken cancellationToken)
    {
        using var idle = new CancellationTokenSource(idleLimit, time);
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Token);
        using var request = new HttpRequestMessage(HttpMethod.Get, source.Uri);
        request.Headers.Range = new RangeHeaderValue(offsetBytes, offsetBytes + content.Length - 1);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, attempt.Token).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != offsetBytes)
        {
            throw new HttpRequestException(
                $"The vault answered {(int)response.StatusCode} where a part was asked for.", inner: null, response.StatusCode);
        }

        await using var body = await response.Content.ReadAsStreamAsync(attempt.Token).ConfigureAwait(false);
        for (var rest = content; !rest.IsEmpty;)
        {
            idle.CancelAfter(idleLimit);
            var arrived = await body.ReadAsync(rest, attempt.Token).ConfigureAwait(false);
            if (arrived == 0) throw new EndOfStreamException($"The vault's answer ends {rest.Length} bytes early.");
            rest = rest[arrived..];
        }
    }

    private static bool IsPassing(Exception error, CancellationToken cancellationToken) => error switch
    {
        HttpRequestException { StatusCode: null or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests } => true,
        HttpRequestException { StatusCode: >= HttpStatusCode.InternalServerError } => true,
        IOException => true,
        OperationCanceledException => !cancellationToken.IsCancellationRequested, // a time limit
        _ => false,
    };

    private static HypervisorException Failure(VaultSource source, long offsetBytes, HttpStatusCode? status, Exception cause) => new(
        status switch
        {
            HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized => HypervisorFault.AccessDenied,
            HttpStatusCode.NotFound => HypervisorFault.NotFound,
            HttpStatusCode.OK => HypervisorFault.Unsupported,
            _ => HypervisorFault.Transient,
        },
        $"{source.Name}: {source.Uri.Host} did not give the bytes from {offsetBytes} on: {cause.Message}",
        "Check that the host reaches the vault, that the recovery point still exists and that its grant has not ended.",
        cause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{source}: the request at byte {offset} failed and is retried ({retry}): {reason}")]
    private partial void LogRetry(string source, long offset, int retry, string reason);
}
