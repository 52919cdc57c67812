using System.Net;
using System.Net.Http.Headers;

namespace RecoveryOperator.Testing.Storage.Memory;

/// <summary>Answers with the headers that clients look for.</summary>
internal static class BlobAnswers
{
    public static HttpResponseMessage Xml(string text)
    {
        HttpResponseMessage answer = new(HttpStatusCode.OK) { Content = new StringContent(text, System.Text.Encoding.UTF8, "application/xml") };
        return answer;
    }

    public static HttpResponseMessage Done(HttpStatusCode status, string? etag = null, DateTimeOffset? modifiedAt = null)
    {
        HttpResponseMessage answer = new(status) { Content = new ByteArrayContent([]) };
        if (etag is not null)
            answer.Headers.ETag = new EntityTagHeaderValue(etag);
        answer.Content.Headers.LastModified = modifiedAt is { } at ? WholeSecond(at) : null;
        return answer;
    }

    public static HttpResponseMessage Done(HttpStatusCode status, StoredBlob blob) => Done(status, blob.ETag, blob.ModifiedAt);

    /// <summary>Content or properties of a blob.</summary>
    public static HttpResponseMessage Of(StoredBlob blob, HttpStatusCode status, byte[] content)
    {
        HttpResponseMessage answer = new(status) { Content = new ByteArrayContent(content) };
        answer.Headers.ETag = new EntityTagHeaderValue(blob.ETag);
        answer.Content.Headers.LastModified = WholeSecond(blob.ModifiedAt);
        answer.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        answer.Headers.Add("x-ms-blob-type", blob.Type);
        answer.Headers.Add("x-ms-creation-time", blob.ModifiedAt.UtcDateTime.ToString("r"));
        foreach ((string name, string value) in blob.Metadata)
            answer.Headers.TryAddWithoutValidation("x-ms-meta-" + name, value);
        return answer;
    }

    /// <summary>Storage tells times to the second.</summary>
    public static DateTimeOffset WholeSecond(DateTimeOffset time) => new(time.Ticks - (time.Ticks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
}
