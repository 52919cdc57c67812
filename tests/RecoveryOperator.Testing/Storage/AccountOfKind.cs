using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace RecoveryOperator.Testing.Storage;

/// <summary>
/// A storage account of a kind that neither Azurite nor the service in memory can play. It answers every request as Get Account Information does (headers
/// <c>x-ms-account-kind</c> and <c>x-ms-sku-name</c>, as the REST reference of the Blob service has them), with no content.
/// </summary>
public sealed class AccountOfKind : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _answering;

    public AccountOfKind(string kind, string sku)
    {
        using (TcpListener free = new(IPAddress.Loopback, 0))
        {
            free.Start();
            Endpoint = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
        }

        _listener.Prefixes.Add(Endpoint.ToString());
        _listener.Start();
        _answering = AnswerAsync(kind, sku);
    }

    public Uri Endpoint { get; }

    /// <summary>What was asked for, path and query.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _answering;
    }

    private async Task AnswerAsync(string kind, string sku)
    {
        try
        {
            while (true)
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                Requests.Enqueue(context.Request.Url!.PathAndQuery);
                context.Response.Headers["x-ms-account-kind"] = kind;
                context.Response.Headers["x-ms-sku-name"] = sku;
                context.Response.Headers["x-ms-version"] = "2021-08-06";
                context.Response.Close();
            }
        }
        catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }
}
