using k8s;

namespace RecoveryOperator.Kubernetes.Clients;

/// <summary>
/// The one client of a process. It is KubernetesClient's own client (credentials, certificates, kubeconfig), opened so far that
/// any resource, built in or custom, can be addressed by its path with a token that really ends the request.
/// </summary>
/// <param name="configuration">Where the API server is and how to authenticate.</param>
/// <param name="handlers">Extra handlers around every request, outermost first.</param>
public sealed class KubernetesApi(KubernetesClientConfiguration configuration, params DelegatingHandler[] handlers)
    : k8s.Kubernetes(configuration, handlers)
{
    /// <summary>Sends one request and returns when its headers are in; the caller disposes the response.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="relativeUri">Path and query below the server's base address, without a leading slash.</param>
    /// <param name="body">The content, or null for none.</param>
    /// <param name="contentType">The media type of <paramref name="body"/>.</param>
    /// <param name="cancellationToken">Ends the request, also while the body is still being read.</param>
    /// <exception cref="k8s.Autorest.HttpOperationException">The server answered with an error.</exception>
    internal Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string relativeUri, string? body, string contentType, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(method, new Uri(BaseUri, relativeUri)) { Version = System.Net.HttpVersion.Version20 };
        if (body is not null)
        {
            request.Content = new StringContent(body, System.Text.Encoding.UTF8);
            request.Content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue(contentType) { CharSet = "utf-8" };
        }

        return SendRequestRaw(body ?? string.Empty, request, cancellationToken);
    }
}
