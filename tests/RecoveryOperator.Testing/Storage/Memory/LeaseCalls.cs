using System.Globalization;
using System.Net;

namespace RecoveryOperator.Testing.Storage.Memory;

/// <summary>Requests to the lease of a blob.</summary>
internal static class LeaseCalls
{
    public static HttpResponseMessage Answer(StoredBlob blob, BlobRequest request)
    {
        string action = request.Header("x-ms-lease-action") ?? "";
        string id = request.Lease ?? "";
        string proposed = request.Header("x-ms-proposed-lease-id") ?? Guid.NewGuid().ToString();
        switch (action)
        {
            case "acquire":
                int seconds = int.Parse(request.Header("x-ms-lease-duration")!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
                if (seconds is not (-1 or (>= 15 and <= 60)))
                    throw new BlobRefusal(HttpStatusCode.BadRequest, "InvalidHeaderValue");
                blob.Lease.Acquire(proposed, TimeSpan.FromSeconds(seconds));
                return Held(blob, HttpStatusCode.Created, proposed);
            case "renew":
                blob.Lease.Renew(id);
                return Held(blob, HttpStatusCode.OK, id);
            case "change":
                blob.Lease.Change(id, proposed);
                return Held(blob, HttpStatusCode.OK, proposed);
            case "release":
                blob.Lease.Release(id);
                return BlobAnswers.Done(HttpStatusCode.OK, blob);
            case "break":
                blob.Lease.Break();
                HttpResponseMessage broken = BlobAnswers.Done(HttpStatusCode.Accepted, blob);
                broken.Headers.Add("x-ms-lease-time", "0");
                return broken;
            default:
                throw new NotSupportedException($"The blob service in memory does not know the lease action '{action}'.");
        }
    }

    private static HttpResponseMessage Held(StoredBlob blob, HttpStatusCode status, string id)
    {
        HttpResponseMessage answer = BlobAnswers.Done(status, blob);
        answer.Headers.Add("x-ms-lease-id", id);
        return answer;
    }
}
