using System.Net;

namespace RecoveryOperator.Testing.Storage.Memory;

/// <summary>
/// The part of Azure's Blob service that this product uses, in memory, behind an <see cref="HttpClient"/>: containers, block and page blobs, conditions,
/// leases by a clock of one's own, snapshots, page ranges, listings. Signatures are not looked at. Its rules, their source, and the suite that holds
/// it against Azurite: README.md beside this file.
/// </summary>
public sealed class MemoryBlobService(TimeProvider time) : HttpMessageHandler
{
    private readonly Lock _lock = new();
    private readonly BlobState _state = new(time);

    /// <summary>Endpoint, with the account in its path, as clients expect of an address in digits; nothing listens there.</summary>
    public static Uri Endpoint { get; } = new("http://127.0.0.1:1/devstoreaccount1");

    /// <summary>Requests answered so far.</summary>
    public long Requests { get; private set; }

    /// <summary>Flips a bit of a blob or of one of its snapshots, as a failing disk of the storage does: no ETag, no time changes.</summary>
    public void FlipBit(string container, string blob, string? snapshot, long offset)
    {
        lock (_lock)
        {
            StoredBlob found = _state.Find(container, blob, snapshot);
            byte[] content = found.Content.Read(offset, 1);
            content[0] ^= 1;
            found.Content.Write(offset, content);
        }
    }

    /// <summary>Puts other content of the same length in the place of a blob's, as somebody with the account's key could.</summary>
    public void Overwrite(string container, string blob, byte[] content)
    {
        lock (_lock)
            _state.Find(container, blob, null).Content.Write(0, content);
    }

    /// <summary>Content of a blob or snapshot, without a request.</summary>
    public byte[] Read(string container, string blob, string? snapshot = null)
    {
        lock (_lock)
        {
            PageContent content = _state.Find(container, blob, snapshot).Content;
            return content.Read(0, content.LengthBytes);
        }
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        byte[] body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        BlobRequest asked = new(request, body);
        HttpResponseMessage answer;
        lock (_lock)
        {
            Requests++;
            try
            {
                answer = Answer(asked);
            }
            catch (BlobRefusal refusal)
            {
                answer = new HttpResponseMessage(refusal.Status);
                answer.Headers.Add("x-ms-error-code", refusal.Code);
                answer.Content = asked.Method == "HEAD" ? new ByteArrayContent([]) : BlobAnswers.Xml($"<?xml version=\"1.0\"?><Error><Code>{refusal.Code}</Code><Message>{refusal.Code}</Message></Error>").Content;
            }

            answer.Headers.Date = time.GetUtcNow();
        }

        answer.RequestMessage = request;
        answer.Headers.Add("x-ms-request-id", Guid.Empty.ToString());
        answer.Headers.Add("x-ms-version", "2021-12-02");
        if (asked.Header("x-ms-client-request-id") is { } id)
            answer.Headers.Add("x-ms-client-request-id", id);
        return answer;
    }

    private HttpResponseMessage Answer(BlobRequest request) => request switch
    {
        { Container: null } => Account(request),
        { Blob: null } => new ContainerCalls(_state).Answer(request),
        _ => new BlobCalls(_state).Answer(request),
    };

    private HttpResponseMessage Account(BlobRequest request)
    {
        if (request.Query("comp") == "list")
            return BlobAnswers.Xml(BlobListing.Containers(_state, request));
        if (request.Query("restype") != "account")
            throw new NotSupportedException($"The blob service in memory does not know {request.Method} on the account.");
        HttpResponseMessage answer = new(HttpStatusCode.OK) { Content = new ByteArrayContent([]) };
        answer.Headers.Add("x-ms-sku-name", "Standard_LRS");
        answer.Headers.Add("x-ms-account-kind", "StorageV2");
        return answer;
    }
}
