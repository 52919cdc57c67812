namespace RecoveryOperator.Testing.Storage.Memory;

/// <summary>A blob, or a snapshot of one.</summary>
internal sealed class StoredBlob(TimeProvider time)
{
    public required string Type { get; init; }

    public required PageContent Content { get; set; }

    public Dictionary<string, string> Metadata { get; set; } = [];

    public required string ETag { get; set; }

    /// <summary>A page blob's number for conditions; snapshots keep it.</summary>
    public long SequenceNumber { get; set; }

    public DateTimeOffset ModifiedAt { get; set; } = time.GetUtcNow();

    public BlobLease Lease { get; init; } = new(time);

    public SortedDictionary<string, StoredBlob> Snapshots { get; init; } = new(StringComparer.Ordinal);

    /// <summary>As it is now, for a snapshot; metadata that are given replace the blob's.</summary>
    public StoredBlob Freeze(Dictionary<string, string> metadata, string etag) => new(time)
    {
        Type = Type,
        Content = Content.Snapshot(),
        Metadata = metadata.Count > 0 ? metadata : Metadata,
        ETag = etag,
        SequenceNumber = SequenceNumber,
        ModifiedAt = ModifiedAt,
    };
}

/// <summary>A container.</summary>
internal sealed class StoredContainer
{
    public SortedDictionary<string, StoredBlob> Blobs { get; } = new(StringComparer.Ordinal);

    /// <summary>Its stored access policies, as they were put.</summary>
    public byte[] Policies { get; set; } = "<?xml version=\"1.0\" encoding=\"utf-8\"?><SignedIdentifiers />"u8.ToArray();

    public required string ETag { get; init; }

    public required DateTimeOffset ModifiedAt { get; init; }
}
