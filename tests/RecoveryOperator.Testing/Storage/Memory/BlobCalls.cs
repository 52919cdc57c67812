using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace RecoveryOperator.Testing.Storage.Memory;

/// <summary>Requests to a blob.</summary>
internal sealed class BlobCalls(BlobState state)
{
    public HttpResponseMessage Answer(BlobRequest request) => (request.Method, request.Query("comp")) switch
    {
        ("GET", null) => Get(request),
        ("HEAD", null) => Head(request),
        ("PUT", null) => Put(request),
        ("DELETE", null) => Delete(request),
        ("PUT", "page") => new PageCalls(state).Put(request),
        ("GET", "pagelist") => new PageCalls(state).List(request),
        ("PUT", "properties") => new PageCalls(state).Describe(request),
        ("PUT", "snapshot") => Snapshot(request),
        ("PUT", "metadata") => SetMetadata(request),
        ("PUT", "lease") => LeaseCalls.Answer(Existing(request), request),
        _ => throw new NotSupportedException($"The blob service in memory does not know {request.Method} comp={request.Query("comp")} on a blob."),
    };

    private StoredBlob Existing(BlobRequest request) => state.Find(request.Container!, request.Blob!, request.Query("snapshot"));

    private HttpResponseMessage Get(BlobRequest request)
    {
        StoredBlob blob = Existing(request);
        request.CheckConditions(blob);
        long total = blob.Content.LengthBytes;
        if (request.Range() is not { } range)
            return WithLength(BlobAnswers.Of(blob, HttpStatusCode.OK, blob.Content.Read(0, total)), total);
        if (range.Start >= total)
            throw new BlobRefusal(HttpStatusCode.RequestedRangeNotSatisfiable, "InvalidRange");

        long end = Math.Min(range.End ?? total, total);
        HttpResponseMessage answer = BlobAnswers.Of(blob, HttpStatusCode.PartialContent, blob.Content.Read(range.Start, end - range.Start));
        answer.Content.Headers.ContentRange = new ContentRangeHeaderValue(range.Start, end - 1, total);
        return WithLength(answer, end - range.Start);
    }

    private HttpResponseMessage Head(BlobRequest request)
    {
        StoredBlob blob = Existing(request);
        request.CheckConditions(blob);
        return WithLength(BlobAnswers.Of(blob, HttpStatusCode.OK, []), blob.Content.LengthBytes);
    }

    private HttpResponseMessage Put(BlobRequest request)
    {
        StoredContainer container = state.Container(request.Container!);
        StoredBlob? standing = container.Blobs.GetValueOrDefault(request.Blob!);
        request.CheckConditions(standing);
        if (standing is not null)
            standing.Lease.CheckWrite(request.Lease);
        else if (request.Lease is not null)
            throw BlobRefusal.Failed("LeaseNotPresentWithBlobOperation");
        if (request.Header("Content-MD5") is { } md5 && md5 != Md5(request.Body))
            throw new BlobRefusal(HttpStatusCode.BadRequest, "Md5Mismatch");

        string type = request.Header("x-ms-blob-type") ?? throw new BlobRefusal(HttpStatusCode.BadRequest, "MissingRequiredHeader");
        PageContent content = new(type == "PageBlob" ? request.Number("x-ms-blob-content-length") : request.Body.Length);
        if (type != "PageBlob")
            content.Write(0, request.Body);
        StoredBlob made = new(state.Time)
        {
            Type = type,
            Content = content,
            Metadata = request.Metadata,
            ETag = state.NextETag(),
            Lease = standing?.Lease ?? new BlobLease(state.Time),
            Snapshots = standing?.Snapshots ?? new(StringComparer.Ordinal),
        };
        container.Blobs[request.Blob!] = made;
        HttpResponseMessage answer = BlobAnswers.Done(HttpStatusCode.Created, made);
        answer.Headers.Add("x-ms-request-server-encrypted", "true");
        answer.Content.Headers.ContentMD5 = request.Header("Content-MD5") is null ? null : Convert.FromBase64String(Md5(request.Body));
        return answer;
    }

    private HttpResponseMessage Delete(BlobRequest request)
    {
        StoredBlob blob = Existing(request);
        request.CheckConditions(blob);
        if (request.Query("snapshot") is { Length: > 0 } snapshot)
        {
            state.Find(request.Container!, request.Blob!, null).Snapshots.Remove(snapshot);
            return BlobAnswers.Done(HttpStatusCode.Accepted);
        }

        blob.Lease.CheckWrite(request.Lease);
        switch (request.Header("x-ms-delete-snapshots"))
        {
            case null when blob.Snapshots.Count > 0:
                throw BlobRefusal.Conflict("SnapshotsPresent");
            case "only":
                blob.Snapshots.Clear();
                break;
            default:
                state.Container(request.Container!).Blobs.Remove(request.Blob!);
                break;
        }

        return BlobAnswers.Done(HttpStatusCode.Accepted);
    }

    private HttpResponseMessage Snapshot(BlobRequest request)
    {
        StoredBlob blob = Existing(request);
        request.CheckConditions(blob);
        blob.Lease.Check(request.Lease);
        string at = state.NextSnapshot();
        blob.Snapshots[at] = blob.Freeze(request.Metadata, state.NextETag());
        HttpResponseMessage answer = BlobAnswers.Done(HttpStatusCode.Created, blob);
        answer.Headers.Add("x-ms-snapshot", at);
        return answer;
    }

    private HttpResponseMessage SetMetadata(BlobRequest request)
    {
        StoredBlob blob = Existing(request);
        request.CheckConditions(blob);
        blob.Lease.CheckWrite(request.Lease);
        blob.Metadata = request.Metadata;
        state.Touch(blob);
        return BlobAnswers.Done(HttpStatusCode.OK, blob);
    }

    private static HttpResponseMessage WithLength(HttpResponseMessage answer, long lengthBytes)
    {
        answer.Content.Headers.ContentLength = lengthBytes;
        return answer;
    }

    // What the service computes too, over a body on its way.
#pragma warning disable CA5351
    private static string Md5(byte[] body) => Convert.ToBase64String(MD5.HashData(body));
#pragma warning restore CA5351
}
