using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Host;

/// <summary>
/// The log container as a host sees it through its grant: it can create and read, nothing else. Storage errors come out as
/// <see cref="VaultException"/>, classified once.
/// </summary>
public interface ILogStore
{
    /// <summary>Storage clock minus host clock, from the newest answer; null before the first.</summary>
    TimeSpan? ClockOffset { get; }

    /// <summary>
    /// Creates a segment in one request. Idempotent: a blob of the same content is success.
    /// </summary>
    /// <param name="blob">Its name.</param>
    /// <param name="content">Can be read from its beginning several times: for the checksum that goes with it, and for each try. An error of its own goes to the
    /// caller as it is and is not tried again; nothing of other content than the checksum's is left in the log.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="VaultException">Conflict when a blob of other content stands there; others by their class.</exception>
    Task CreateSegmentAsync(string blob, Stream content, CancellationToken cancellationToken);

    /// <summary>Creates <c>set.json</c>; whoever was first is right.</summary>
    Task<CommitResult> CommitAsync(SetManifest manifest, CancellationToken cancellationToken);

    /// <summary>Reads a set or seal; null when the sequence is free.</summary>
    Task<StoredSet?> ReadSetAsync(long epoch, long sequence, CancellationToken cancellationToken);

    /// <summary>
    /// Asks for the replica's checksums: creates the request under the first free number from <see cref="ResyncRequestDocument.Request"/> on. Idempotent: a request
    /// of the same attempt that stands already is success.
    /// </summary>
    /// <returns>The request as it stands, with its number.</returns>
    Task<ResyncRequestDocument> CreateResyncRequestAsync(ResyncRequestDocument request, CancellationToken cancellationToken);

    /// <summary>What the vault agent tells; null when it never told anything.</summary>
    Task<ReplicaStateDocument?> ReadReplicaStateAsync(CancellationToken cancellationToken);

    /// <summary>Opens a table of an answer; no request is made.</summary>
    IChecksumTableReader OpenChecksumTable(AnsweredTable table);
}

/// <summary>Segments that are in memory.</summary>
public static class LogStoreExtensions
{
    /// <summary>Creates a segment in one request; see <see cref="ILogStore.CreateSegmentAsync"/>.</summary>
    public static async Task CreateSegmentAsync(this ILogStore store, string blob, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        using MemoryStream stream = new(content.ToArray(), writable: false);
        await store.CreateSegmentAsync(blob, stream, cancellationToken);
    }
}

/// <summary>A manifest and the hash of its bytes.</summary>
/// <param name="Manifest">The manifest.</param>
/// <param name="Sha256">SHA-256 (hex) of its bytes as stored.</param>
/// <param name="StoredAt">When it was stored, by the storage's clock.</param>
public sealed record StoredSet(SetManifest Manifest, string Sha256, DateTimeOffset StoredAt);

/// <summary>What came of a commit.</summary>
/// <param name="Outcome">What.</param>
/// <param name="Standing">The set or seal that stands at the sequence now.</param>
public sealed record CommitResult(CommitOutcome Outcome, StoredSet Standing);

/// <summary>Outcome of a commit.</summary>
public enum CommitOutcome
{
    /// <summary>Our manifest stands (also when an earlier try of the same had made it).</summary>
    Committed,

    /// <summary>A seal stands there: this source is fenced.</summary>
    Fenced,

    /// <summary>Another set stands there.</summary>
    Conflict,
}
