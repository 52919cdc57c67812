using System.Net;

namespace RecoveryOperator.Hypervisors.Tests.Images;

/// <summary>Spoils chosen requests on their way to a real server.</summary>
/// <param name="spoil">Gets the number of the request, from 1; answers what is to come instead of the server's answer, or null.</param>
internal sealed class FailingHandler(Func<int, HttpRequestMessage, HttpResponseMessage?> spoil) : DelegatingHandler(new SocketsHttpHandler())
{
    private int requests;

    public int Requests => requests;

    /// <summary>A part that ends before it is whole.</summary>
    public static HttpResponseMessage Truncated(HttpRequestMessage request)
    {
        var from = request.Headers.Range!.Ranges.Single().From!.Value;
        var response = new HttpResponseMessage(HttpStatusCode.PartialContent) { Content = new ByteArrayContent(new byte[100]) };
        response.Content.Headers.ContentRange = new(from, from + 99);
        return response;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        spoil(Interlocked.Increment(ref requests), request) ?? await base.SendAsync(request, cancellationToken);
}
