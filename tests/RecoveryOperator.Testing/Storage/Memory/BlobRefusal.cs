using System.Net;

namespace RecoveryOperator.Testing.Storage.Memory;

/// <summary>The service refuses a request, with the status and code that the REST reference gives.</summary>
internal sealed class BlobRefusal(HttpStatusCode status, string code) : Exception(code)
{
    public HttpStatusCode Status { get; } = status;

    public string Code { get; } = code;

    public static BlobRefusal NotFound(string code) => new(HttpStatusCode.NotFound, code);

    public static BlobRefusal Conflict(string code) => new(HttpStatusCode.Conflict, code);

    public static BlobRefusal Failed(string code) => new(HttpStatusCode.PreconditionFailed, code);
}
