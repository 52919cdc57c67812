using Azure.Core;
using Azure.Core.Pipeline;

namespace RecoveryOperator.Vault.Storage;

/// <summary>
/// Retries one request until its time budget is spent, and gives each try only what is left of it, so that no request, with all its retries,
/// takes longer than the budget. A request with content has the time besides that its content takes over a slow line: a segment that is on
/// its way would otherwise be cut off, again and again, and replication never get anywhere.
/// </summary>
internal sealed class BoundedRetryPolicy(TimeSpan budget, TimeSpan firstDelay, TimeProvider timeProvider)
    : RetryPolicy(MaxRetries, DelayStrategy.CreateExponentialDelayStrategy(firstDelay, firstDelay * 14))
{
    private const int MaxRetries = 8;
    /// <summary>The slowest line, for one of several uploads at once, in bytes a second.</summary>
    private const double SlowestBytesPerSecond = 64 * 1024;

    private const string StartedKey = "recovery-operator-started";

    private static readonly TimeSpan _shortestTry = TimeSpan.FromSeconds(1);

    protected override void OnSendingRequest(HttpMessage message) => LimitTry(message);

    protected override ValueTask OnSendingRequestAsync(HttpMessage message)
    {
        LimitTry(message);
        return default;
    }

    protected override bool ShouldRetry(HttpMessage message, Exception? exception) =>
        Remaining(message) > _shortestTry && base.ShouldRetry(message, exception);

    protected override async ValueTask<bool> ShouldRetryAsync(HttpMessage message, Exception? exception) =>
        Remaining(message) > _shortestTry && await base.ShouldRetryAsync(message, exception);

    private void LimitTry(HttpMessage message)
    {
        TimeSpan remaining = Remaining(message);
        message.NetworkTimeout = remaining > _shortestTry ? remaining : _shortestTry;
    }

    private TimeSpan Remaining(HttpMessage message)
    {
        if (message.TryGetProperty(StartedKey, out object? started))
            return budget + TimeOfContent(message) - timeProvider.GetElapsedTime((long)started!);

        message.SetProperty(StartedKey, timeProvider.GetTimestamp());
        return budget + TimeOfContent(message);
    }

    private static TimeSpan TimeOfContent(HttpMessage message) =>
        message.Request.Content is { } content && content.TryComputeLength(out long lengthBytes) && lengthBytes > SlowestBytesPerSecond
            ? TimeSpan.FromSeconds(lengthBytes / SlowestBytesPerSecond)
            : TimeSpan.Zero;
}
