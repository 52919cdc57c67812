using System.Globalization;
using Azure.Core;
using Azure.Core.Pipeline;

namespace RecoveryOperator.Vault.Storage;

/// <summary>
/// Watches the <c>Date</c> header of answers. It has a resolution of one second, so an answer proves only a range for the
/// difference of the two clocks; the smallest difference that agrees with the answer is taken, and no difference is invented where
/// none is proved.
/// </summary>
internal sealed class StorageClock(TimeProvider timeProvider) : HttpPipelinePolicy
{
    private const long Unknown = long.MinValue;

    private long _offsetTicks = Unknown;

    /// <summary>Storage clock minus this machine's clock; null before the first answer.</summary>
    public TimeSpan? Offset => Interlocked.Read(ref _offsetTicks) is var ticks and not Unknown ? new TimeSpan(ticks) : null;

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        DateTimeOffset sent = timeProvider.GetUtcNow();
        ProcessNext(message, pipeline);
        Observe(message, sent);
    }

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        DateTimeOffset sent = timeProvider.GetUtcNow();
        await ProcessNextAsync(message, pipeline);
        Observe(message, sent);
    }

    private void Observe(HttpMessage message, DateTimeOffset sent)
    {
        if (message.HasResponse && message.Response.Headers.TryGetValue("Date", out string? text)
            && DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date))
        {
            Interlocked.Exchange(ref _offsetTicks, SmallestOffset(date, sent, timeProvider.GetUtcNow()).Ticks);
        }
    }

    private static TimeSpan SmallestOffset(DateTimeOffset date, DateTimeOffset sent, DateTimeOffset received)
    {
        TimeSpan least = date - received;
        TimeSpan most = date.AddSeconds(1) - sent;
        return least > TimeSpan.Zero ? least : most < TimeSpan.Zero ? most : TimeSpan.Zero;
    }
}
