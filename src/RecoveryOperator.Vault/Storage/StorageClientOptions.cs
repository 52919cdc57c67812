using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;

namespace RecoveryOperator.Vault.Storage;

/// <summary>How this program talks to the storage.</summary>
internal sealed record StorageClientOptions
{
    private static readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Time that one request may take with all its retries.</summary>
    public TimeSpan RequestBudget { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Clock of budgets.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Seen by every try: the storage's clock, and what tests put between.</summary>
    public IReadOnlyList<HttpPipelinePolicy> PerTry { get; init; } = [];

    /// <summary>Takes the requests; another one in tests.</summary>
    public HttpClient Http { get; init; } = _http;

    /// <summary>Wait before the first repetition of a request; the next ones grow from there.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(300);

    public BlobClientOptions Build()
    {
        BlobClientOptions options = new()
        {
            RetryPolicy = new BoundedRetryPolicy(RequestBudget, RetryDelay, TimeProvider),
            Transport = new HttpClientTransport(Http),
        };
        options.Diagnostics.IsLoggingContentEnabled = false;
        options.Diagnostics.IsTelemetryEnabled = false;
        foreach (HttpPipelinePolicy policy in PerTry)
            options.AddPolicy(policy, HttpPipelinePosition.PerRetry);

        return options;
    }
}
