using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace RecoveryOperator.Testing.Storage.Memory;

/// <summary>Listings as XML, in pages: <c>marker</c> is the last name of the page before.</summary>
internal static class BlobListing
{
    private const int PageLength = 5000;

    public static string Containers(BlobState state, BlobRequest request)
    {
        XElement list = new("Containers", state.Containers
            .Where(container => container.Key.StartsWith(request.Query("prefix") ?? "", StringComparison.Ordinal))
            .Select(container => new XElement(
                "Container",
                new XElement("Name", container.Key),
                new XElement("Properties", new XElement("Last-Modified", Time(container.Value.ModifiedAt)), new XElement("Etag", container.Value.ETag)))));
        return Text(new XElement("EnumerationResults", list, new XElement("NextMarker")));
    }

    public static string Blobs(StoredContainer container, BlobRequest request)
    {
        if (request.Query("delimiter") is { Length: > 0 })
            throw new NotSupportedException("The blob service in memory lists without delimiters only.");

        string[] include = (request.Query("include") ?? "").ToLowerInvariant().Split(',');
        int most = int.TryParse(request.Query("maxresults"), NumberStyles.None, CultureInfo.InvariantCulture, out int asked) ? asked : PageLength;
        string after = request.Query("marker") ?? "";
        List<(string Name, StoredBlob Blob)> found = [.. container.Blobs
            .Where(blob => blob.Key.StartsWith(request.Query("prefix") ?? "", StringComparison.Ordinal) && string.CompareOrdinal(blob.Key, after) > 0)
            .Select(blob => (blob.Key, blob.Value))
            .Take(most + 1)];
        bool isCut = found.Count > most;
        XElement list = new("Blobs");
        foreach ((string name, StoredBlob blob) in found.Take(most))
        {
            if (include.Contains("snapshots"))
                list.Add(blob.Snapshots.Select(snapshot => Describe(name, snapshot.Value, snapshot.Key, include)));
            list.Add(Describe(name, blob, null, include));
        }

        return Text(new XElement("EnumerationResults", list, new XElement("NextMarker", isCut ? found[most - 1].Name : null)));
    }

    private static XElement Describe(string name, StoredBlob blob, string? snapshot, string[] include) => new(
        "Blob",
        new XElement("Name", name),
        snapshot is null ? null : new XElement("Snapshot", snapshot),
        new XElement(
            "Properties",
            new XElement("Creation-Time", Time(blob.ModifiedAt)),
            new XElement("Last-Modified", Time(blob.ModifiedAt)),
            new XElement("Etag", blob.ETag.Trim('"')),
            new XElement("Content-Length", blob.Content.LengthBytes),
            new XElement("BlobType", blob.Type)),
        include.Contains("metadata") ? new XElement("Metadata", blob.Metadata.Select(entry => new XElement(entry.Key, entry.Value))) : null);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("r", CultureInfo.InvariantCulture);

    private static string Text(XElement root) => new StringBuilder("<?xml version=\"1.0\" encoding=\"utf-8\"?>").Append(root.ToString(SaveOptions.DisableFormatting)).ToString();
}
