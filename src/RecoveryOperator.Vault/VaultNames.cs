using System.Globalization;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Vault;

/// <summary>Names of containers and blobs (docs/formats/vault-layout.md). The only place that spells them.</summary>
public static class VaultNames
{
    /// <summary>Container of plan journals.</summary>
    public const string PlanContainer = "recovery-plans";

    /// <summary>Who owns the replica.</summary>
    public const string Vm = "vm.json";

    /// <summary>The authority on direction, epoch and operations.</summary>
    public const string Journal = "journal.json";

    /// <summary>Wrapped data keys.</summary>
    public const string Keys = "keys.json";

    /// <summary>How far the replica is.</summary>
    public const string Applied = "applied.json";

    /// <summary>Points that somebody wants to keep.</summary>
    public const string Pins = "pins.json";

    /// <summary>Where the scrub is.</summary>
    public const string Scrub = "scrub.json";

    /// <summary>What the names of all points begin with.</summary>
    public const string PointPrefix = "points/";

    /// <summary>What the vault agent tells the host, in the log container.</summary>
    public const string ReplicaState = "sums/state.json";

    internal const string ComputedSumsPrefix = "sums/computed/";

    internal const string ReplicaSuffix = "-replica";

    /// <summary>Container of change logs.</summary>
    public static string LogContainer(ProtectionId id) => $"{id}-log";

    /// <summary>Container of the replica.</summary>
    public static string ReplicaContainer(ProtectionId id) => id + ReplicaSuffix;

    /// <summary>Commit of a set, or a seal.</summary>
    public static string Set(long epoch, long sequence) => $"{SetFolder(epoch, sequence)}set.json";

    /// <summary>What the names of all blobs of a sequence begin with.</summary>
    internal static string SetFolder(long epoch, long sequence) => $"{Epoch(epoch)}/{Sequence(sequence)}/";

    /// <summary>What the names of all blobs of an epoch begin with, but for tables.</summary>
    internal static string EpochFolder(long epoch) => $"{Epoch(epoch)}/";

    /// <summary>What the names of all tables begin with that were computed for requests of an epoch.</summary>
    internal static string ComputedSumsOf(long epoch) => $"{ComputedSumsPrefix}{Epoch(epoch)}-";

    /// <summary>What the names of an epoch's base data begin with.</summary>
    internal static string BaseFolder(long epoch) => $"{Epoch(epoch)}/base/";

    /// <summary>A segment of a set.</summary>
    public static string Segment(long epoch, long sequence, Guid attempt, int disk, int segment) =>
        $"{SetFolder(epoch, sequence)}{attempt:D}/disk-{disk.ToString(CultureInfo.InvariantCulture)}.{SegmentNumber(segment)}.hrl";

    /// <summary>A segment of an initial copy or a resynchronization.</summary>
    public static string BaseSegment(long epoch, Guid attempt, int disk, int segment) =>
        $"{BaseFolder(epoch)}{attempt:D}/disk-{disk.ToString(CultureInfo.InvariantCulture)}.{SegmentNumber(segment)}.hrl";

    /// <summary>A list of base segments that a set completes.</summary>
    public static string BaseList(long epoch, long sequence, Guid attempt, int disk, int list) =>
        $"{SetFolder(epoch, sequence)}{attempt:D}/base-{disk.ToString(CultureInfo.InvariantCulture)}.{SegmentNumber(list)}.json";

    /// <summary>Page blob of a disk, in the replica container.</summary>
    public static string Disk(int disk) => string.Create(CultureInfo.InvariantCulture, $"disk-{disk}.vhd");

    /// <summary>Page blob of a disk's checksum table, in the log container.</summary>
    public static string Sums(int disk) => string.Create(CultureInfo.InvariantCulture, $"sums/disk-{disk}.sum");

    /// <summary>Page blob of a checksum table that was computed anew for one request, in the log container.</summary>
    public static string ComputedSums(long epoch, long sequence, int request, int disk) => string.Create(
        CultureInfo.InvariantCulture, $"{ComputedSumsPrefix}{Epoch(epoch)}-{Sequence(sequence)}-{request}/disk-{disk}.sum");

    /// <summary>A host's request for checksums, in the log container.</summary>
    public static string ResyncRequest(long epoch, long sequence, int request) =>
        string.Create(CultureInfo.InvariantCulture, $"{SetFolder(epoch, sequence)}resync.{request}.json");

    /// <summary>A recovery point, in the replica container.</summary>
    public static string Point(long epoch, long sequence) => $"{PointPrefix}{Epoch(epoch)}-{Sequence(sequence)}.json";

    /// <summary>Journal of a plan, in <see cref="PlanContainer"/>.</summary>
    public static string Plan(ProtectionId planId) => $"{planId}.json";

    private static string Epoch(long epoch) => epoch.ToString("D10", CultureInfo.InvariantCulture);

    private static string Sequence(long sequence) => sequence.ToString("D20", CultureInfo.InvariantCulture);

    private static string SegmentNumber(int segment) => segment.ToString("D6", CultureInfo.InvariantCulture);
}
