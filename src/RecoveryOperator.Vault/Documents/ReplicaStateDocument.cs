namespace RecoveryOperator.Vault.Documents;

/// <summary><c>sums/state.json</c>: what the vault agent tells the host (docs/resync.md). Absent as long as there was nothing to tell.</summary>
public sealed record ReplicaStateDocument
{
    /// <summary>Format of the document, 1.</summary>
    public int FormatVersion { get; init; } = 1;

    /// <summary>Epoch of the position that the replica stood at when this was written.</summary>
    public long Epoch { get; init; }

    /// <summary>Sequence of that position; 0 when no set of the epoch is applied.</summary>
    public long Sequence { get; init; }

    /// <summary>SHA-256 (hex) of that position's <c>set.json</c>; null when its sequence is 0.</summary>
    public string? SetSha256 { get; init; }

    /// <summary>When it was written, by the storage's clock.</summary>
    public DateTimeOffset? WrittenAt { get; init; }

    /// <summary>Why the host must resynchronize; null when it need not.</summary>
    public ResyncNeed? NeedsResync { get; init; }

    /// <summary>The answer to the newest request; null when there is none.</summary>
    public ResyncAnswer? Answer { get; init; }
}

/// <summary>Why the vault agent wants a resynchronization.</summary>
public enum ResyncNeedReason
{
    /// <summary>A committed set cannot be applied; nothing behind it is, but a set that completes a resynchronization.</summary>
    SetDamaged,

    /// <summary>The replica holds blocks that are not what the source read.</summary>
    ReplicaDamaged,
}

/// <summary>That a resynchronization is needed.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Sequence">The damaged set, or the newest one applied when the replica was found damaged.</param>
/// <param name="Message">What is wrong, for people.</param>
/// <param name="ComputeAnew">The request must ask for checksums computed anew.</param>
public sealed record ResyncNeed(ResyncNeedReason Reason, long Sequence, string Message, bool ComputeAnew);

/// <summary>The answer to a request. The document's position is what the tables are of.</summary>
/// <param name="Sequence">The request's sequence.</param>
/// <param name="Request">The request's number.</param>
/// <param name="Attempt">The request's attempt.</param>
/// <param name="Computed">The tables were computed from the page blobs.</param>
/// <param name="Problem">Why there are no tables; null when there are.</param>
/// <param name="Tables">One for each disk of the replica; a disk without one counts as all zeros.</param>
public sealed record ResyncAnswer(long Sequence, int Request, Guid Attempt, bool Computed, string? Problem, IReadOnlyList<AnsweredTable> Tables);

/// <summary>A checksum table that a host compares with.</summary>
/// <param name="Index">Disk index.</param>
/// <param name="Blob">Blob name within the log container.</param>
/// <param name="Etag">Its ETag: another one means another content.</param>
/// <param name="SizeBytes">Size of the replica's disk in bytes; behind it the replica counts as zeros.</param>
public sealed record AnsweredTable(int Index, string Blob, string Etag, long SizeBytes);
