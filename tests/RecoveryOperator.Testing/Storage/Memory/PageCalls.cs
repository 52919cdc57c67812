using System.Globalization;
using System.Net;
using System.Text;

namespace RecoveryOperator.Testing.Storage.Memory;

/// <summary>Requests to the pages of a page blob.</summary>
internal sealed class PageCalls(BlobState state)
{
    private const int PageBytes = 512;
    private const int LargestWriteBytes = 4 * 1024 * 1024;

    public HttpResponseMessage Put(BlobRequest request)
    {
        StoredBlob blob = Writable(request);
        (long start, long? end) = request.Range() ?? throw new BlobRefusal(HttpStatusCode.BadRequest, "MissingRequiredHeader");
        if (end is not { } to || start % PageBytes != 0 || to % PageBytes != 0 || to > blob.Content.LengthBytes)
            throw new BlobRefusal(HttpStatusCode.RequestedRangeNotSatisfiable, "InvalidPageRange");
        if (request.Header("x-ms-if-sequence-number-eq") is not null && request.Number("x-ms-if-sequence-number-eq") != blob.SequenceNumber)
            throw BlobRefusal.Failed("SequenceNumberConditionNotMet");

        if (string.Equals(request.Header("x-ms-page-write"), "clear", StringComparison.OrdinalIgnoreCase))
        {
            blob.Content.Clear(start, to - start);
        }
        else
        {
            if (request.Body.Length != to - start || request.Body.Length > LargestWriteBytes)
                throw new BlobRefusal(HttpStatusCode.BadRequest, "InvalidHeaderValue");
            blob.Content.Write(start, request.Body);
        }

        return Changed(blob, HttpStatusCode.Created);
    }

    public HttpResponseMessage Describe(BlobRequest request)
    {
        StoredBlob blob = Writable(request);
        switch (request.Header("x-ms-sequence-number-action"))
        {
            case null:
                blob.Content.Resize(request.Number("x-ms-blob-content-length"));
                break;
            case "increment":
                blob.SequenceNumber++;
                break;
            case { } other:
                throw new NotSupportedException($"The blob service in memory does not know the sequence number action {other}.");
        }

        return Changed(blob, HttpStatusCode.OK);
    }

    /// <summary>Ranges that may hold something else than zeros; told generously, 64 KiB at a time.</summary>
    public HttpResponseMessage List(BlobRequest request)
    {
        StoredBlob blob = state.Find(request.Container!, request.Blob!, request.Query("snapshot"));
        request.CheckConditions(blob);
        (long start, long? end) = request.Range() ?? (0, null);
        long to = Math.Min(end ?? long.MaxValue, blob.Content.LengthBytes);
        StringBuilder text = new("<?xml version=\"1.0\" encoding=\"utf-8\"?><PageList>");
        foreach ((long from, long until) in blob.Content.Ranges().Where(range => range.End > start && range.Start < to))
            text.Append(CultureInfo.InvariantCulture, $"<PageRange><Start>{Math.Max(from, start)}</Start><End>{Math.Min(until, to) - 1}</End></PageRange>");
        HttpResponseMessage answer = BlobAnswers.Xml(text.Append("</PageList>").ToString());
        answer.Headers.ETag = new System.Net.Http.Headers.EntityTagHeaderValue(blob.ETag);
        answer.Content.Headers.LastModified = BlobAnswers.WholeSecond(blob.ModifiedAt);
        answer.Headers.Add("x-ms-blob-content-length", blob.Content.LengthBytes.ToString(CultureInfo.InvariantCulture));
        return answer;
    }

    private StoredBlob Writable(BlobRequest request)
    {
        StoredBlob blob = state.Find(request.Container!, request.Blob!, null);
        if (blob.Type != "PageBlob")
            throw BlobRefusal.Conflict("InvalidBlobType");
        request.CheckConditions(blob);
        blob.Lease.CheckWrite(request.Lease);
        return blob;
    }

    private HttpResponseMessage Changed(StoredBlob blob, HttpStatusCode status)
    {
        state.Touch(blob);
        HttpResponseMessage answer = BlobAnswers.Done(status, blob);
        answer.Headers.Add("x-ms-blob-sequence-number", blob.SequenceNumber.ToString(CultureInfo.InvariantCulture));
        return answer;
    }
}
