using System.Net;
using System.Text.Json;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace RecoveryOperator.Kubernetes.Resources;

/// <summary>A request to the API server failed: it answered with an error, or it could not be reached.</summary>
public sealed class ResourceRequestException : Exception
{
    private ResourceRequestException(string message, HttpStatusCode? statusCode, string? reason, Exception inner)
        : base(message, inner)
    {
        StatusCode = statusCode;
        Reason = reason;
    }

    /// <summary>The HTTP status, or null if no answer came.</summary>
    public HttpStatusCode? StatusCode { get; }

    /// <summary>The machine-readable reason of the server's Status (<c>NotFound</c>, <c>AlreadyExists</c>, <c>Expired</c>), if it sent one.</summary>
    public string? Reason { get; }

    /// <summary>The object does not exist (any more).</summary>
    public bool IsNotFound => StatusCode == HttpStatusCode.NotFound;

    /// <summary>This account may not do that.</summary>
    public bool IsForbidden => StatusCode == HttpStatusCode.Forbidden;

    /// <summary>The object was changed by another since it was read, or exists already.</summary>
    public bool IsConflict => StatusCode == HttpStatusCode.Conflict;

    /// <summary>The resource version or continue token is too old: list again.</summary>
    public bool IsGone => StatusCode == HttpStatusCode.Gone;

    internal static ResourceRequestException From(string operation, HttpOperationException error)
    {
        var status = ReadStatus(error.Response?.Content);
        var detail = status?.Message ?? error.Response?.Content ?? error.Message;
        return new($"{operation} failed: {(int?)error.Response?.StatusCode} {status?.Reason}: {detail}{RemedyOf(detail)}", error.Response?.StatusCode, status?.Reason, error);
    }

    /// <summary>Server-side apply refuses the whole object for one field that the installed definition does not declare, and names that field.</summary>
    private static string RemedyOf(string detail) => detail.Contains("field not declared in schema", StringComparison.Ordinal)
        ? " The definition of this kind in the cluster is older than this program: apply the CRDs of its version (kubectl apply --server-side -f crds/)."
        : string.Empty;

    internal static ResourceRequestException Unreachable(string operation, Exception error) =>
        new($"{operation} failed: the API server cannot be reached or broke the connection: {error.Message}", null, null, error);

    internal static ResourceRequestException TimedOut(string operation, TimeSpan limit, Exception error) =>
        new($"{operation} failed: no answer within {limit.TotalSeconds:0.#} s", null, null, error);

    private static V1Status? ReadStatus(string? content)
    {
        if (string.IsNullOrEmpty(content) || content[0] != '{')
            return null;
        try
        {
            return KubernetesJson.Deserialize<V1Status>(content);
        }
        catch (JsonException)
        {
            // A proxy answered instead of the API server: its text becomes the message, nothing is lost.
            return null;
        }
    }
}
