using System.Globalization;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using RecoveryOperator.Vault.Storage;

namespace RecoveryOperator.Vault.Replica.Resync;

/// <summary>
/// How much of a table was computed, and from which content: it stands in the table's metadata, written after the part that it counts. The content is the same as
/// long as its page blob has the same ETag, and cannot change while its lease is held.
/// </summary>
internal sealed class ComputedSoFar
{
    private const string FromKey = "computedfrom";
    private const string ThroughKey = "computedthrough";

    private readonly LeasedPages _table;
    private readonly string _content;

    private ComputedSoFar(LeasedPages table, string content, long throughBytes) => (_table, _content, ThroughBytes) = (table, content, throughBytes);

    /// <summary>Bytes of disk from the start whose checksums stand in the table.</summary>
    public long ThroughBytes { get; }

    /// <summary>Finds out; both blobs' leases are held.</summary>
    public static async Task<ComputedSoFar> OpenAsync(PageBlobClient content, LeasedPages table, int partBytes, CancellationToken cancellationToken)
    {
        string etag = (await PropertiesAsync(content, cancellationToken)).ETag.ToString().Trim('"');
        IDictionary<string, string> told = (await PropertiesAsync(table.Blob, cancellationToken)).Metadata;
        bool isOfThis = told.TryGetValue(FromKey, out string? from) && from == etag;
        long through = isOfThis && told.TryGetValue(ThroughKey, out string? text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long known)
            ? known - (known % partBytes) // The disk's last part may be short; it is computed again.
            : 0;
        return new ComputedSoFar(table, etag, through);
    }

    /// <summary>The table is written as far as this.</summary>
    public Task AdvanceAsync(long throughBytes, CancellationToken cancellationToken) => _table.DescribeAsync(
        new Dictionary<string, string> { [FromKey] = _content, [ThroughKey] = throughBytes.ToString(CultureInfo.InvariantCulture) }, cancellationToken);

    private static Task<BlobProperties> PropertiesAsync(PageBlobClient blob, CancellationToken cancellationToken) =>
        StorageCall.RunAsync(blob.Uri, async () => (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value, cancellationToken);
}
