using System.Text.Json;
using System.Text.Json.Serialization;

namespace RecoveryOperator.Vault.Documents;

/// <summary>What a <c>set.json</c> is.</summary>
public enum SetKind
{
    /// <summary>A point in time of one VM.</summary>
    Set,

    /// <summary>The end of an epoch: nothing behind it is ever applied.</summary>
    Seal,
}

/// <summary>How a set's instant was taken.</summary>
public enum Consistency
{
    /// <summary>As after a power failure at that instant.</summary>
    CrashConsistent,

    /// <summary>The guest was quiesced and thawed in time.</summary>
    AppConsistent,
}

/// <summary>What a set completes besides itself.</summary>
public enum Completes
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The initial copy named in its disks' base segments.</summary>
    Initial,

    /// <summary>A resynchronization named in its disks' base segments.</summary>
    Resync,
}

/// <summary>The commit of a set, or a seal (docs/formats/vault-layout.md).</summary>
public sealed record SetManifest
{
    /// <summary>Format of a set whose payloads are encrypted: a program that knows only format 1 must not take its segments for damaged.</summary>
    public const int EncryptedFormatVersion = 2;

    /// <summary>Format of the document: 1, or <see cref="EncryptedFormatVersion"/>.</summary>
    public int FormatVersion { get; init; } = 1;

    /// <summary>Set or seal.</summary>
    public required SetKind Kind { get; init; }

    /// <summary>Protection, 32 hex digits.</summary>
    public required string ProtectionId { get; init; }

    /// <summary>Epoch, from 1.</summary>
    public required long Epoch { get; init; }

    /// <summary>Sequence within the epoch, from 1, without gaps.</summary>
    public required long Sequence { get; init; }

    /// <summary>New for every cut; null in a seal.</summary>
    public Guid? Attempt { get; init; }

    /// <summary>SHA-256 (hex) of the bytes of the previous <c>set.json</c> of the epoch; null for the first.</summary>
    public string? PreviousSha256 { get; init; }

    /// <summary>The instant, corrected by <see cref="ClockOffsetMilliseconds"/>; in a seal, when it was made.</summary>
    public required DateTimeOffset Instant { get; init; }

    /// <summary>Storage clock minus host clock, in milliseconds.</summary>
    public long ClockOffsetMilliseconds { get; init; }

    /// <summary>How the instant was taken.</summary>
    public Consistency Consistency { get; init; }

    /// <summary>Why it is not app-consistent although that was wanted, <c>Reason: message</c>; null otherwise.</summary>
    public string? ConsistencyReason { get; init; }

    /// <summary>What it completes.</summary>
    public Completes Completes { get; init; }

    /// <summary>What a resynchronization compared the source with; null in a set that completes none.</summary>
    public ComparedPosition? ComparedWith { get; init; }

    /// <summary>The machine at the instant; null in a seal.</summary>
    public MachineRecord? Machine { get; init; }

    /// <summary>Ids of the data keys that its own segments need; null when they are in the clear. Base segments may need others: their headers say so.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? DataKeys { get; init; }

    /// <summary>Its disks; empty in a seal.</summary>
    public IReadOnlyList<SetDisk> Disks { get; init; } = [];

    /// <summary>Id of the operation that sealed; null in a set.</summary>
    public string? SealedBy { get; init; }
}

/// <summary>The replica's position that a resynchronization compared the source with (docs/resync.md).</summary>
/// <param name="Epoch">Epoch of the position.</param>
/// <param name="Sequence">Sequence of the position; 0 when no set of the epoch was applied.</param>
/// <param name="SetSha256">SHA-256 (hex) of the position's <c>set.json</c>; null when its sequence is 0.</param>
/// <param name="Request">Number of the request that was answered.</param>
/// <param name="Computed">The checksums were computed from the page blobs.</param>
public sealed record ComparedPosition(long Epoch, long Sequence, string? SetSha256, int Request, bool Computed);

/// <summary>A machine as it travels in sets and points.</summary>
/// <param name="Id">The hypervisor's own id.</param>
/// <param name="Name">Its name.</param>
/// <param name="Definition">Its definition, opaque to the vault.</param>
public sealed record MachineRecord(string Id, string Name, JsonElement Definition);

/// <summary>One disk of a set.</summary>
/// <param name="Index">Index from 0.</param>
/// <param name="Target">Name within the guest.</param>
/// <param name="SizeBytes">Size in bytes.</param>
/// <param name="ChangedBytes">Bytes reported as changed.</param>
/// <param name="Base">Base segments that the set completes, applied first.</param>
/// <param name="Segments">The set's own segments.</param>
/// <param name="BaseLists">Where there are many base segments: blobs that list them, in order, in place of <paramref name="Base"/>.</param>
public sealed record SetDisk(
    int Index,
    string Target,
    long SizeBytes,
    long ChangedBytes,
    IReadOnlyList<SegmentRecord> Base,
    IReadOnlyList<SegmentRecord> Segments,
    IReadOnlyList<BaseListRecord>? BaseLists = null);

/// <summary>A blob that lists base segments of one disk.</summary>
/// <param name="Blob">Blob name within the log container.</param>
/// <param name="LengthBytes">Its length in bytes.</param>
/// <param name="Sha256">SHA-256 of its bytes, lower-case hex.</param>
/// <param name="Segments">Segments that it lists.</param>
/// <param name="SegmentBytes">Sum of their lengths in bytes.</param>
public sealed record BaseListRecord(string Blob, long LengthBytes, string Sha256, int Segments, long SegmentBytes);

/// <summary><c>&lt;epoch&gt;/&lt;sequence&gt;/&lt;attempt&gt;/base-&lt;n&gt;.&lt;k&gt;.json</c>: some of the base segments of one disk.</summary>
public sealed record BaseListDocument
{
    /// <summary>Format of the document, 1.</summary>
    public int FormatVersion { get; init; } = 1;

    /// <summary>The segments, in the disk's order.</summary>
    public required IReadOnlyList<SegmentRecord> Segments { get; init; }
}

/// <summary>A shipped change log.</summary>
/// <param name="Blob">Blob name within the log container.</param>
/// <param name="LengthBytes">Length in bytes.</param>
/// <param name="Sha256">SHA-256, lower-case hex.</param>
/// <param name="Segment">Segment index.</param>
/// <param name="Attempt">Attempt that made it.</param>
public sealed record SegmentRecord(string Blob, long LengthBytes, string Sha256, int Segment, Guid Attempt);
