using System.Text.Json.Serialization;
using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Agent.Engine;

/// <summary>Where a protection is, as it is stored (docs/engine.md).</summary>
public enum EnginePhase
{
    /// <summary>Nothing begun.</summary>
    Pending,

    /// <summary>The initial copy runs, or its first delta.</summary>
    Initial,

    /// <summary>Delta cycles.</summary>
    Replicating,

    /// <summary>Change tracking or the chain is lost.</summary>
    ResyncRequired,

    /// <summary>A seal ended this source.</summary>
    Fenced,

    /// <summary>Source and replica are being compared.</summary>
    Resynchronizing,
}

/// <summary>Everything about a protection that survives a restart, but for its segments.</summary>
public sealed record ProtectionProgress
{
    /// <summary>The epoch that all this is of.</summary>
    public required long Epoch { get; init; }

    /// <summary>The claimed machine; null until it was found.</summary>
    public string? MachineId { get; init; }

    /// <summary>Where it is.</summary>
    public EnginePhase Phase { get; init; }

    /// <summary>The initial copy, while <see cref="EnginePhase.Initial"/>.</summary>
    public InitialCopyState? Initial { get; init; }

    /// <summary>The newest committed set.</summary>
    public CommittedSet? Last { get; init; }

    /// <summary>A cut that was begun and is not finished.</summary>
    public CutIntent? Intent { get; init; }

    /// <summary>Why it ended, in the phases that end it.</summary>
    public EndReason? End { get; init; }

    /// <summary>App-consistent points: what was tried last, and what came of it.</summary>
    public AppConsistency? AppConsistency { get; init; }

    /// <summary>The newest snapshot that had to be ended out of turn.</summary>
    public GuestIncident? LastIncident { get; init; }

    /// <summary>The resynchronization, while <see cref="EnginePhase.Resynchronizing"/>.</summary>
    public ResyncState? Resync { get; init; }

    /// <summary>The newest token that was taken up.</summary>
    public string ResyncToken { get; init; } = "";

    /// <summary>The disks of the newest set of former epochs: they keep their indexes.</summary>
    public IReadOnlyList<DiskShape> FormerDisks { get; init; } = [];

    /// <summary>No disk of this protection had this index or a higher one.</summary>
    public int NextDiskIndex { get; init; }

    /// <summary>Targets of disks that were attached later and, as long as the policy says so, are not protected.</summary>
    public IReadOnlyList<string> IgnoredDisks { get; init; } = [];

    /// <summary>The last resynchronization was canceled, and none was asked for since.</summary>
    public bool ResyncCanceled { get; init; }

    /// <summary>Sequence of the newest set that completed a resynchronization; 0: none.</summary>
    public long ResyncedSequence { get; init; }

    /// <summary>Bytes of disk content read since the protection was put.</summary>
    public long ReadBytesTotal { get; init; }

    /// <summary>Bytes changed.</summary>
    public long ChangedBytesTotal { get; init; }

    /// <summary>Bytes shipped.</summary>
    public long ShippedBytesTotal { get; init; }

    /// <summary>Sets committed.</summary>
    public long CyclesTotal { get; init; }

}

/// <summary>How far app-consistent points are.</summary>
/// <param name="TriedAt">Instant of the newest finished cut that asked for it.</param>
/// <param name="CommittedInstant">Instant of the newest committed set that is app-consistent; null: none yet.</param>
/// <param name="Problem">Why the newest try was not; null when it was.</param>
public sealed record AppConsistency(DateTimeOffset TriedAt, DateTimeOffset? CommittedInstant, string? Problem);

/// <summary>A snapshot was ended out of turn (P8).</summary>
/// <param name="At">When.</param>
/// <param name="GuestWasPaused">The guest had been paused until then.</param>
/// <param name="Message">What happened.</param>
public sealed record GuestIncident(DateTimeOffset At, bool GuestWasPaused, string Message);

/// <summary>An initial copy under way.</summary>
/// <param name="Checkpoint">Tracking since this one makes the first delta.</param>
/// <param name="Disks">Null until the first snapshot showed them.</param>
/// <param name="Complete">All disks are copied; what is missing is the first delta.</param>
public sealed record InitialCopyState(ChangeTrackingId Checkpoint, IReadOnlyList<DiskCopy>? Disks, bool Complete);

/// <summary>A disk of an initial copy.</summary>
/// <param name="Index">Index from 0.</param>
/// <param name="Target">Name within the guest.</param>
/// <param name="SizeBytes">Size in bytes.</param>
/// <param name="FirstSnapshotThroughBytes">How far the checkpoint's own snapshot was copied; null while it is the only one.</param>
/// <param name="Done">Copied and shipped.</param>
/// <param name="Source">Its image on the host; null where that is not known.</param>
public sealed record DiskCopy(int Index, string Target, long SizeBytes, long? FirstSnapshotThroughBytes, bool Done, string? Source = null)
{
    /// <summary>What must stay the same until the copy is complete.</summary>
    [JsonIgnore]
    public DiskShape Shape => new(Index, Target, SizeBytes, Source);
}

/// <summary>A committed set.</summary>
/// <param name="Sequence">Its sequence.</param>
/// <param name="Sha256">SHA-256 (hex) of its manifest as stored.</param>
/// <param name="Instant">Its instant.</param>
/// <param name="Checkpoint">Changes since it are tracked under this id.</param>
/// <param name="Disks">The disks that it was made of.</param>
public sealed record CommittedSet(
    long Sequence, string Sha256, DateTimeOffset Instant, ChangeTrackingId Checkpoint, IReadOnlyList<DiskShape> Disks);

/// <summary>What must stay the same for a delta to make sense.</summary>
/// <param name="Index">Index from 0.</param>
/// <param name="Target">Name within the guest.</param>
/// <param name="SizeBytes">Size in bytes.</param>
/// <param name="Source">Its image on the host; null where that is not known.</param>
public sealed record DiskShape(int Index, string Target, long SizeBytes, string? Source = null);

/// <summary>A cut that was begun.</summary>
/// <param name="Sequence">Sequence that it wants.</param>
/// <param name="Attempt">New for every cut.</param>
/// <param name="Checkpoint">Checkpoint that it makes.</param>
public sealed record CutIntent(long Sequence, Guid Attempt, ChangeTrackingId Checkpoint);

/// <summary>Why a protection ended.</summary>
/// <param name="Reason">Stable CamelCase code.</param>
/// <param name="Object">What it is about.</param>
/// <param name="Message">What happened.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="ComputeAnew">A resynchronization must compare with checksums computed from the replica's blobs.</param>
/// <param name="OnlyTargets">Disks that a resynchronization must compare, where it need not compare all.</param>
public sealed record EndReason(
    string Reason, string Object, string Message, string Remedy, bool ComputeAnew = false, IReadOnlyList<string>? OnlyTargets = null);
