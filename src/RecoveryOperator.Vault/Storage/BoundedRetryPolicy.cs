using Azure.Core;
using Azure.Core.Pipeline;

namespace RecoveryOperator.Vault.Storage;

/// <summary>
/// Retries one request until its time budget is spent, and gives each try only what is left of it, so that no request, with
/// all its retries, takes longer than the budget.
/// </summary>
internal sealed class BoundedRetryPolicy(TimeSpan budget, TimeProvider timeProvider)
    : RetryPolicy(MaxRetries, DelayStrategy.CreateExponentialDelayStrategy(TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(4)))
{
    private const int MaxRetries = 8;
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
            return budget - timeProvider.GetElapsedTime((long)started!);

        message.SetProperty(StartedKey, timeProvider.GetTimestamp());
        return budget;
    }
}
