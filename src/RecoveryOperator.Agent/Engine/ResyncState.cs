using System.Text.Json.Serialization;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Engine;

/// <summary>A resynchronization under way, as it is stored (docs/resync.md).</summary>
public sealed record ResyncState
{
    /// <summary>Why; a stable CamelCase code.</summary>
    public required string Reason { get; init; }

    /// <summary>Why, for people.</summary>
    public required string Message { get; init; }

    /// <summary>Compare with checksums computed from the replica's blobs.</summary>
    public bool ComputeAnew { get; init; }

    /// <summary>The user asked for it: it waits for no window.</summary>
    public bool Requested { get; init; }

    /// <summary>Changes since the newest committed set are still known, so that it can be canceled, or spare disks.</summary>
    public bool KeepsLast { get; init; }

    /// <summary>Tracking since this one (R) makes the set that completes it.</summary>
    public required ChangeTrackingId Checkpoint { get; init; }

    /// <summary>Indexes of the disks that must be compared although others need not be; null: all.</summary>
    public IReadOnlyList<string>? OnlyTargets { get; init; }

    /// <summary>The newest request to the vault; null before the first.</summary>
    public ResyncAsk? Ask { get; init; }

    /// <summary>The vault's answer.</summary>
    public ResyncPosition? Answer { get; init; }

    /// <summary>Bytes that it is expected to ship; null while not estimated.</summary>
    public long? EstimatedBytes { get; init; }

    /// <summary>The disks; null before the first snapshot showed them.</summary>
    public IReadOnlyList<DiskComparison>? Disks { get; init; }

    /// <summary>Everything is compared and shipped: what is missing is the set that completes it.</summary>
    [JsonIgnore]
    public bool Complete => Disks is not null && Disks.All(disk => disk.Done);

    /// <summary>Size of the machine's disks.</summary>
    [JsonIgnore]
    public long MachineBytes => Disks?.Sum(disk => disk.SizeBytes) ?? 0;

    /// <summary>Whether a disk must be compared.</summary>
    public bool Compares(string target) => OnlyTargets is null || OnlyTargets.Contains(target);
}

/// <summary>A request for the replica's checksums.</summary>
/// <param name="Request">Its number, as far as it is known.</param>
/// <param name="Attempt">New for each.</param>
/// <param name="AskedAt">When.</param>
/// <param name="Created">It stands in the vault.</param>
public sealed record ResyncAsk(int Request, Guid Attempt, DateTimeOffset AskedAt, bool Created);

/// <summary>What the replica holds, as the vault agent answered.</summary>
/// <param name="Position">The position.</param>
/// <param name="Tables">Its checksum tables.</param>
public sealed record ResyncPosition(ComparedPosition Position, IReadOnlyList<AnsweredTable> Tables);

/// <summary>A disk of a resynchronization.</summary>
/// <param name="Index">Index from 0.</param>
/// <param name="Target">Name within the guest.</param>
/// <param name="SizeBytes">Size in bytes.</param>
/// <param name="Source">Its image on the host; null where that is not known.</param>
/// <param name="Compare">It is compared; otherwise its changes since the newest committed set are known.</param>
/// <param name="ComparedThroughBytes">Compared up to here, and shipped where it differed.</param>
/// <param name="DifferentBytes">Bytes shipped because they differed, before compression.</param>
/// <param name="Done">Nothing is left of it.</param>
public sealed record DiskComparison(
    int Index, string Target, long SizeBytes, string? Source, bool Compare, long ComparedThroughBytes, long DifferentBytes, bool Done)
{
    /// <summary>What must stay the same until it is complete.</summary>
    [JsonIgnore]
    public DiskShape Shape => new(Index, Target, SizeBytes, Source);
}
