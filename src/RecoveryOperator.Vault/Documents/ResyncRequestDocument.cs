namespace RecoveryOperator.Vault.Documents;

/// <summary><c>&lt;epoch&gt;/&lt;sequence&gt;/resync.&lt;k&gt;.json</c>: a host asks for the checksums of the replica (docs/resync.md).</summary>
public sealed record ResyncRequestDocument
{
    /// <summary>Format of the document, 1.</summary>
    public int FormatVersion { get; init; } = 1;

    /// <summary>Protection, 32 hex digits.</summary>
    public required string ProtectionId { get; init; }

    /// <summary>Epoch of the host.</summary>
    public required long Epoch { get; init; }

    /// <summary>Sequence of the set that will complete the resynchronization: one above the newest committed set.</summary>
    public required long Sequence { get; init; }

    /// <summary>Number of the request for this sequence, from 0: the <c>k</c> of its name.</summary>
    public required int Request { get; init; }

    /// <summary>New for every request.</summary>
    public required Guid Attempt { get; init; }

    /// <summary>Asks for checksums of what the page blobs hold, not for the stored ones.</summary>
    public bool ComputeAnew { get; init; }

    /// <summary>Why, for people.</summary>
    public required string Reason { get; init; }

    /// <summary>When, by the host's clock.</summary>
    public required DateTimeOffset AskedAt { get; init; }
}
