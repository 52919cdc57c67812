using System.Collections.Concurrent;
using Azure.Core;
using Azure.Core.Pipeline;
using RecoveryOperator.Vault.Tests.Replica;

namespace RecoveryOperator.Vault.Tests.Verify;

/// <summary>Remembers which blobs were read by range, and stops the process, as if it was killed, at the first read of one of them.</summary>
internal sealed class RequestLog(string? stopAt = null) : HttpPipelinePolicy
{
    public ConcurrentBag<string> Reads { get; } = [];

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException("Only asynchronous requests are made.");

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        string path = message.Request.Uri.Path;
        bool isRead = message.Request.Method == RequestMethod.Get && message.Request.Headers.TryGetValue("x-ms-range", out _) && !message.Request.Uri.Query.Contains("comp=");
        if (isRead)
            Reads.Add(path[(path.LastIndexOf('/') + 1)..]);
        if (isRead && stopAt is not null && path.EndsWith(stopAt, StringComparison.Ordinal))
            throw new CutException();

        await ProcessNextAsync(message, pipeline);
    }
}
