using System.Globalization;

namespace RecoveryOperator.Testing.Storage.Memory;

/// <summary>All containers, and the numbers that only grow: ETags and snapshot times.</summary>
internal sealed class BlobState(TimeProvider time)
{
    private long _etag;
    private DateTimeOffset _lastSnapshot;

    public SortedDictionary<string, StoredContainer> Containers { get; } = new(StringComparer.Ordinal);

    public TimeProvider Time => time;

    public string NextETag() => string.Create(CultureInfo.InvariantCulture, $"\"0x{++_etag:X16}\"");

    /// <summary>A snapshot's time, later than all before it.</summary>
    public string NextSnapshot()
    {
        DateTimeOffset now = time.GetUtcNow();
        _lastSnapshot = now > _lastSnapshot ? now : _lastSnapshot.AddTicks(1);
        return _lastSnapshot.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
    }

    public StoredContainer Container(string name) => Containers.GetValueOrDefault(name) ?? throw BlobRefusal.NotFound("ContainerNotFound");

    public StoredBlob? TryFind(string container, string blob) => Container(container).Blobs.GetValueOrDefault(blob);

    public StoredBlob Find(string container, string blob, string? snapshot)
    {
        StoredBlob found = TryFind(container, blob) ?? throw BlobRefusal.NotFound("BlobNotFound");
        return string.IsNullOrEmpty(snapshot) ? found : found.Snapshots.GetValueOrDefault(snapshot) ?? throw BlobRefusal.NotFound("BlobNotFound");
    }

    public void Touch(StoredBlob blob)
    {
        blob.ETag = NextETag();
        blob.ModifiedAt = time.GetUtcNow();
    }
}
