using System.Collections.Concurrent;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace RecoveryOperator.Vault.Tests.Replica.Logs;

/// <summary>Remembers all requests, and refuses some as a storage would that is told to.</summary>
internal sealed class RequestTap(Predicate<Request>? refuses = null) : HttpPipelinePolicy
{
    public ConcurrentQueue<string> Seen { get; } = [];

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException("Only asynchronous requests are made.");

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        Seen.Enqueue($"{message.Request.Method} {message.Request.Uri.PathAndQuery}");
        if (refuses?.Invoke(message.Request) == true)
            throw new RequestFailedException(403, "Refused by the test.", "AuthorizationPermissionMismatch", null);
        await ProcessNextAsync(message, pipeline);
    }
}
