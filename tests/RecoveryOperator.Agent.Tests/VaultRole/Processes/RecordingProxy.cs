using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace RecoveryOperator.Agent.Tests.VaultRole.Processes;

/// <summary>Stands between one agent and the storage, passes everything on, and writes down what came of it.</summary>
internal sealed class RecordingProxy : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false });
    private readonly Uri _target;
    private readonly string _path;

    private RecordingProxy(Uri target)
    {
        _target = new Uri(target.GetLeftPart(UriPartial.Authority));
        _path = target.AbsolutePath;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Limits.MaxRequestBodySize = null;
            options.Limits.MinRequestBodyDataRate = null; // A stopped process sends nothing for a while.
        });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.Run(PassOnAsync);
    }

    /// <summary>Requests that were answered, in the order of their answers.</summary>
    public ConcurrentQueue<ProxiedRequest> Answered { get; } = new();

    /// <summary>Where the agent finds the storage.</summary>
    public Uri Endpoint => new(new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()), _path);

    public static async Task<RecordingProxy> StartAsync(Uri target, CancellationToken cancellationToken)
    {
        RecordingProxy proxy = new(target);
        await proxy._app.StartAsync(cancellationToken);
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _client.Dispose();
    }

    private async Task PassOnAsync(HttpContext context)
    {
        string rawTarget = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        using HttpRequestMessage request = new(new HttpMethod(context.Request.Method), new Uri(_target, rawTarget));
        if (context.Request.ContentLength is not null)
            request.Content = new StreamContent(context.Request.Body);
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in context.Request.Headers)
        {
            if (!name.Equals("Host", StringComparison.OrdinalIgnoreCase) && !request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }

        using HttpResponseMessage answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        Answered.Enqueue(new ProxiedRequest(context.Request.Method, rawTarget, (int)answer.StatusCode));
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach ((string name, IEnumerable<string> values) in answer.Headers.Concat(answer.Content.Headers))
        {
            if (!name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
                context.Response.Headers[name] = values.ToArray();
        }

        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}

/// <summary>A request and what the storage said.</summary>
internal sealed record ProxiedRequest(string Method, string Target, int Status)
{
    public bool IsWrite => Method is not ("GET" or "HEAD");

    public bool IsPageWrite => Method == "PUT" && Target.Contains("comp=page", StringComparison.Ordinal) && Target.Contains(".vhd", StringComparison.Ordinal);
}
