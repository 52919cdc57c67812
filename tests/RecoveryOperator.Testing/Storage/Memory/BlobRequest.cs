using System.Globalization;
using System.Net.Http.Headers;

namespace RecoveryOperator.Testing.Storage.Memory;

/// <summary>A request, taken apart: <c>/account/container/blob?comp=…</c> with its headers.</summary>
internal sealed class BlobRequest
{
    private readonly Dictionary<string, string> _query = new(StringComparer.OrdinalIgnoreCase);
    private readonly HttpRequestMessage _message;

    public BlobRequest(HttpRequestMessage message, byte[] body)
    {
        _message = message;
        Body = body;
        string[] path = message.RequestUri!.AbsolutePath.TrimStart('/').Split('/', 3);
        Container = path.Length > 1 && path[1].Length > 0 ? path[1] : null;
        Blob = path.Length > 2 && path[2].Length > 0 ? Uri.UnescapeDataString(path[2]) : null;
        foreach (string pair in message.RequestUri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            _query[parts[0]] = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "";
        }
    }

    public string Method => _message.Method.Method;

    public string? Container { get; }

    public string? Blob { get; }

    public byte[] Body { get; }

    public string? Lease => Header("x-ms-lease-id");

    public Dictionary<string, string> Metadata => _message.Headers
        .Where(header => header.Key.StartsWith("x-ms-meta-", StringComparison.OrdinalIgnoreCase))
        .ToDictionary(header => header.Key["x-ms-meta-".Length..], header => string.Join(",", header.Value));

    public string? Query(string name) => _query.GetValueOrDefault(name);

    public string? Header(string name) => Find(_message.Headers, name) ?? (_message.Content is { } content ? Find(content.Headers, name) : null);

    public long Number(string header) =>
        long.TryParse(Header(header), NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : throw new BlobRefusal(System.Net.HttpStatusCode.BadRequest, "MissingRequiredHeader");

    /// <summary>The range asked for, or null: first byte and the byte after the last.</summary>
    public (long Start, long? End)? Range()
    {
        string? text = Header("x-ms-range") ?? Header("Range");
        if (text is null || RangeHeaderValue.Parse(text).Ranges.Single() is not { From: { } from } range)
            return null;
        return (from, range.To + 1);
    }

    /// <summary>Holds the condition headers against what stands there.</summary>
    public void CheckConditions(StoredBlob? standing)
    {
        string? match = Header("If-Match");
        if (match is not null && (standing is null || (match != "*" && match != standing.ETag)))
            throw BlobRefusal.Failed("ConditionNotMet");
        string? noneMatch = Header("If-None-Match");
        if (noneMatch == "*" && standing is not null)
            throw BlobRefusal.Conflict("BlobAlreadyExists");
        if (noneMatch is not null && noneMatch == standing?.ETag)
            throw BlobRefusal.Failed("ConditionNotMet");
    }

    private static string? Find(HttpHeaders headers, string name) => headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(",", values) : null;
}
