namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>Requests that their senders gave up, and that have not arrived yet.</summary>
internal sealed class LateRequests(HttpMessageHandler service)
{
    private readonly Queue<HttpRequestMessage> _travelling = new();

    /// <summary>Keeps a copy of a request.</summary>
    public async Task AddAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        HttpRequestMessage copy = new(request.Method, request.RequestUri);
        foreach ((string name, IEnumerable<string> values) in request.Headers)
            copy.Headers.TryAddWithoutValidation(name, values);
        if (request.Content is { } content)
        {
            copy.Content = new ByteArrayContent(await content.ReadAsByteArrayAsync(cancellationToken));
            foreach ((string name, IEnumerable<string> values) in content.Headers)
                copy.Content.Headers.TryAddWithoutValidation(name, values);
        }

        lock (_travelling)
            _travelling.Enqueue(copy);
    }

    /// <summary>All arrive, in the order in which they were sent. Nobody hears the answers: told are the statuses.</summary>
    public async Task<IReadOnlyList<string>> DeliverAsync(CancellationToken cancellationToken)
    {
        using HttpMessageInvoker invoker = new(service, disposeHandler: false);
        List<string> told = [];
        while (Next() is { } request)
        {
            using HttpResponseMessage answer = await invoker.SendAsync(request, cancellationToken);
            told.Add($"{request.Method} {request.RequestUri!.AbsolutePath}: {(int)answer.StatusCode}");
        }

        return told;
    }

    private HttpRequestMessage? Next()
    {
        lock (_travelling)
            return _travelling.TryDequeue(out HttpRequestMessage? request) ? request : null;
    }
}
