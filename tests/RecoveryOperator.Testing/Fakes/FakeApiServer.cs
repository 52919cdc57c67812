using System.Globalization;
using System.Text.Json.Nodes;
using k8s;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Kubernetes.Clients;

namespace RecoveryOperator.Testing.Fakes;

/// <summary>
/// The Kubernetes API in the test's process, over real HTTP on the loopback: any kind, without schemas or admission. It can be told to
/// misbehave in ways that a real server cannot be brought to on demand.
/// </summary>
public sealed class FakeApiServer : ITestApiServer, IAsyncDisposable
{
    private readonly FakeStore _store = new();
    private readonly FakeWatch _watch;
    private WebApplication? _app;
    private string? _address;
    private int _expiredTokens;

    /// <summary>Creates a server that is not started.</summary>
    public FakeApiServer() => _watch = new(_store);

    /// <summary>The next so many watches are refused with HTTP status 410.</summary>
    public void AnswerWatchesWith410(int count) => _watch.Gone = count;

    /// <summary>Open watches and the next so many new ones get an ERROR event with code 410 and then end normally.</summary>
    public void EndWatchesWith410InStream() => _watch.EndAll(gone: true);

    /// <summary>Open watches end normally.</summary>
    public void EndWatches() => _watch.EndAll(gone: false);

    /// <summary>While true, watches stay open and tell nothing, not even bookmarks or their end.</summary>
    public void Silence(bool silent) => _watch.Silent = silent;

    /// <summary>Open watches get a bookmark.</summary>
    public void SendBookmarks() => _watch.SendBookmarks();

    /// <summary>The next so many continue tokens of lists are refused as expired.</summary>
    public void ExpireContinueTokens(int count) => _expiredTokens = count;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_app is not null)
            return;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(_address ?? "http://127.0.0.1:0");
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        var app = builder.Build();
        app.Run(context => AnswerAsync(context, app.Lifetime.ApplicationStopping));
        await app.StartAsync(cancellationToken);
        (_app, _address) = (app, app.Urls.First());
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_app is null)
            return;
        await _app.StopAsync(cancellationToken);
        await _app.DisposeAsync();
        _app = null;
    }

    /// <inheritdoc/>
    public KubernetesApi Connect(params DelegatingHandler[] handlers) =>
        new(new KubernetesClientConfiguration { Host = _address ?? throw new InvalidOperationException("Start the fake API server first.") }, handlers);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    private async Task AnswerAsync(HttpContext context, CancellationToken stopping)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            var request = FakeRequest.Parse(context.Request.Path) ?? throw new FakeFault(404, "NotFound", $"no path {context.Request.Path}");
            if (HttpMethods.IsGet(context.Request.Method) && context.Request.Query["watch"] == "true")
            {
                await _watch.ServeAsync(context, request, linked.Token);
                return;
            }

            await WriteAsync(context, HttpMethods.IsPost(context.Request.Method) ? 201 : 200, await HandleAsync(context.Request, request));
        }
        catch (FakeFault fault)
        {
            await WriteAsync(context, fault.Code, fault.Status);
        }
        catch (OperationCanceledException) when (linked.IsCancellationRequested)
        {
            context.Abort();
        }
    }

    private async Task<JsonObject> HandleAsync(HttpRequest http, FakeRequest request) => http.Method switch
    {
        "GET" when request.Name is null => List(http, request),
        "GET" => _store.Get(request) ?? throw FakeFault.NotFound(request),
        "POST" => Create(request, await ReadAsync(http)),
        "PUT" => Replace(request, await ReadAsync(http)),
        "PATCH" => Patch(http, request, await ReadAsync(http)),
        "DELETE" => _store.Update(request, now => Delete(request, now)),
        _ => throw new FakeFault(405, "MethodNotAllowed", http.Method),
    };

    private JsonObject List(HttpRequest http, FakeRequest request)
    {
        var (items, version) = _store.List(request);
        var labels = http.Query["labelSelector"].ToString();
        if (labels.Split('=') is [var label, var value])
            items = [.. items.Where(i => i["metadata"]?["labels"]?[label]?.GetValue<string>() == value)];
        var token = http.Query["continue"].ToString();
        if (token.Length > 0 && Interlocked.Decrement(ref _expiredTokens) >= 0)
            throw FakeFault.Gone();
        var start = token.Length > 0 ? int.Parse(token, CultureInfo.InvariantCulture) : 0;
        var limit = int.TryParse(http.Query["limit"], CultureInfo.InvariantCulture, out var asked) ? asked : int.MaxValue;
        var page = items.Skip(start).Take(limit).ToArray();
        return new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture),
                ["continue"] = start + page.Length < items.Count ? (start + page.Length).ToString(CultureInfo.InvariantCulture) : null,
            },
            ["items"] = new JsonArray([.. page]),
        };
    }

    private JsonObject Create(FakeRequest request, JsonObject body)
    {
        var named = request with { Name = body["metadata"]!["name"]!.GetValue<string>() };
        body["metadata"]!["namespace"] = request.Namespace;
        body["metadata"]!["creationTimestamp"] = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return _store.Update(named, now => now is null ? body : throw FakeFault.AlreadyExists(named));
    }

    private JsonObject Replace(FakeRequest request, JsonObject body) => _store.Update(request, now =>
    {
        Expect(request, now, body);
        return body;
    });

    private JsonObject Patch(HttpRequest http, FakeRequest request, JsonObject body) => _store.Update(request, now =>
    {
        Expect(request, now, body);
        return http.ContentType?.StartsWith("application/apply-patch+yaml", StringComparison.Ordinal) == true
            ? ServerSideApply.Apply(now!, body, http.Query["fieldManager"].ToString())
            : MergePatch.Apply(now, body)!.AsObject();
    });

    private static JsonObject? Delete(FakeRequest request, JsonObject? now)
    {
        if (now is null)
            throw FakeFault.NotFound(request);
        if (now["metadata"]!["finalizers"] is not JsonArray { Count: > 0 })
            return null;
        now["metadata"]!["deletionTimestamp"] ??= DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return now;
    }

    private static void Expect(FakeRequest request, JsonObject? now, JsonObject body)
    {
        if (now is null)
            throw FakeFault.NotFound(request);
        foreach (var precondition in new[] { "resourceVersion", "uid" })
        {
            if (body["metadata"]?[precondition] is { } wanted && wanted.GetValue<string>() != now["metadata"]![precondition]!.GetValue<string>())
                throw FakeFault.Conflict(request);
        }
    }

    private static async Task<JsonObject> ReadAsync(HttpRequest request) =>
        (await JsonNode.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted))!.AsObject();

    private static Task WriteAsync(HttpContext context, int code, JsonObject body)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }
}
