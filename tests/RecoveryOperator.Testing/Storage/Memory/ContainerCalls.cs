using System.Net;

namespace RecoveryOperator.Testing.Storage.Memory;

/// <summary>Requests to a container: create, delete, list, stored access policies, properties.</summary>
internal sealed class ContainerCalls(BlobState state)
{
    public HttpResponseMessage Answer(BlobRequest request)
    {
        string name = request.Container!;
        switch (request.Method, request.Query("comp"))
        {
            case ("PUT", null):
                return Create(name);
            case ("DELETE", null):
                return state.Containers.Remove(name) ? BlobAnswers.Done(HttpStatusCode.Accepted) : throw BlobRefusal.NotFound("ContainerNotFound");
            case ("GET", "list"):
                return BlobAnswers.Xml(BlobListing.Blobs(state.Container(name), request));
            case ("PUT", "acl"):
                state.Container(name).Policies = request.Body;
                return BlobAnswers.Done(HttpStatusCode.OK, state.NextETag(), state.Time.GetUtcNow());
            case ("GET", "acl"):
                HttpResponseMessage policies = BlobAnswers.Xml(System.Text.Encoding.UTF8.GetString(state.Container(name).Policies).TrimStart('\uFEFF'));
                policies.Headers.ETag = new System.Net.Http.Headers.EntityTagHeaderValue(state.Container(name).ETag);
                policies.Content.Headers.LastModified = BlobAnswers.WholeSecond(state.Container(name).ModifiedAt);
                return policies;
            case ("GET" or "HEAD", null):
                return BlobAnswers.Done(HttpStatusCode.OK, state.Container(name).ETag, state.Container(name).ModifiedAt);
            default:
                throw new NotSupportedException($"The blob service in memory does not know {request.Method} comp={request.Query("comp")} on a container.");
        }
    }

    private HttpResponseMessage Create(string name)
    {
        if (state.Containers.ContainsKey(name))
            throw BlobRefusal.Conflict("ContainerAlreadyExists");
        StoredContainer made = new() { ETag = state.NextETag(), ModifiedAt = state.Time.GetUtcNow() };
        state.Containers[name] = made;
        return BlobAnswers.Done(HttpStatusCode.Created, made.ETag, made.ModifiedAt);
    }
}
