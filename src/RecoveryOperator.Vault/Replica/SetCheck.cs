using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Vhd;

namespace RecoveryOperator.Vault.Replica;

/// <summary>Whether a set is the next one of its replica, and within bounds. A host writes sets: nothing in them is believed unchecked.</summary>
internal static class SetCheck
{
    private const int MaxDisks = 64;
    private const int MaxLists = 4096;
    private const int MaxListBytes = 4 * 1024 * 1024;

    /// <summary>What is wrong with the set, or null.</summary>
    /// <param name="set">The set.</param>
    /// <param name="protection">Whose it must be.</param>
    /// <param name="place">Where it must stand.</param>
    /// <param name="told">What the vault agent told the host.</param>
    public static string? FindFault(StoredSet set, ProtectionId protection, SetPlace place, ReplicaStateDocument? told)
    {
        SetManifest manifest = set.Manifest;
        if (manifest.ProtectionId != protection.ToString() || manifest.Epoch != place.Position.Epoch || manifest.Sequence != place.Sequence)
            return $"it says that it is set {manifest.Sequence} of epoch {manifest.Epoch} of {manifest.ProtectionId}";
        if (manifest.Kind == SetKind.Seal)
            return null; // A seal ends the epoch whatever it follows: fencing cannot be held up.
        if (!place.IsPreviousKnown && Guards.Hold(Guard.Chain))
            return "what stands before it is larger than a document of the vault may be: nothing can be shown to follow it";
        if (manifest.PreviousSha256 != place.PreviousSha256 && Guards.Hold(Guard.Chain))
            return $"its previous set has SHA-256 {manifest.PreviousSha256 ?? "(none)"}, the one before it has {place.PreviousSha256 ?? "(none)"}";
        if (manifest.Machine is null || manifest.Attempt is null)
            return "it has no machine or no attempt";

        return FindComparisonFault(manifest, place, told) ?? FindDiskFault(manifest);
    }

    /// <summary>
    /// A resynchronization ships what differs from checksums of one position, as the vault agent answered them. Applied to anything else it would be silently wrong.
    /// </summary>
    private static string? FindComparisonFault(SetManifest manifest, SetPlace place, ReplicaStateDocument? told)
    {
        if (manifest.Completes != Completes.Resync)
            return place.Position.Sequence + 1 == place.Sequence ? null : $"it follows set {place.Position.Sequence} only through sets that were never applied";
        if (manifest.ComparedWith is not { } compared)
            return "ComparedWithAnother: it completes a resynchronization and does not say what was compared";
        if (ReplicaPosition.Of(compared) != place.Position)
            return $"ComparedWithAnother: it was compared with set {compared.Sequence} of epoch {compared.Epoch}, the replica stands at set {place.Position.Sequence} of epoch {place.Position.Epoch}";

        bool isAnswered = told?.Answer is { Problem: null } answer && ReplicaPosition.Of(told) == place.Position
            && answer.Sequence == manifest.Sequence && answer.Request == compared.Request && answer.Computed == compared.Computed;
        return isAnswered ? null : $"ComparedWithAnother: {VaultNames.ReplicaState} does not hold the answer to request {compared.Request} that it was compared with";
    }

    /// <summary>What is wrong with base segments of a disk, or null.</summary>
    public static string? FindBaseFault(SetManifest set, SetDisk disk, IReadOnlyList<SegmentRecord> segments) => FindSegmentFault(
        disk, segments, segment => VaultNames.BaseSegment(set.Epoch, segment.Attempt, disk.Index, segment.Segment));

    /// <summary>What is wrong with the disks and names of a set that has an attempt, or null.</summary>
    public static string? FindDiskFault(SetManifest set)
    {
        IReadOnlyList<SetDisk> disks = set.Disks;
        if (disks.Count > MaxDisks || disks.Select(disk => disk.Index).Distinct().Count() != disks.Count)
            return $"it has more than {MaxDisks} disks, or two of one index";

        foreach (SetDisk disk in disks)
        {
            if (disk.Index is < 0 or > 9999 || disk.SizeBytes <= 0 || disk.SizeBytes > FixedVhdFooter.MaxDiskSizeBytes)
                return $"its disk {disk.Index} has {disk.SizeBytes} bytes; 1 to {FixedVhdFooter.MaxDiskSizeBytes} are possible";

            string? fault = FindBaseFault(set, disk, disk.Base) ?? FindListFault(set, disk) ?? FindSegmentFault(
                disk, disk.Segments, segment => VaultNames.Segment(set.Epoch, set.Sequence, segment.Attempt, disk.Index, segment.Segment));
            if (fault is not null)
                return fault;
        }

        return null;
    }

    /// <summary>Names are checked because what a set names is read, and deleted one day, with rights that its host does not have.</summary>
    private static string? FindSegmentFault(SetDisk disk, IReadOnlyList<SegmentRecord> segments, Func<SegmentRecord, string> nameOf)
    {
        foreach (SegmentRecord segment in segments)
        {
            if (segment.LengthBytes is <= 0 or > ChangeLogConstants.MaxSegmentLengthBytes)
                return $"a segment of its disk {disk.Index} is empty, or longer than {ChangeLogConstants.MaxSegmentLengthBytes} bytes";
            if (segment.Blob != nameOf(segment))
                return $"a segment of its disk {disk.Index} is named {segment.Blob}, it should be {nameOf(segment)}";
        }

        return null;
    }

    private static string? FindListFault(SetManifest set, SetDisk disk)
    {
        IReadOnlyList<BaseListRecord> lists = disk.BaseLists ?? [];
        for (int index = 0; index < lists.Count; index++)
        {
            if (lists[index].LengthBytes is <= 0 or > MaxListBytes || lists.Count > MaxLists)
                return $"its disk {disk.Index} has a list of base segments of {lists[index].LengthBytes} bytes, or more than {MaxLists} lists";
            if (lists[index].Blob != VaultNames.BaseList(set.Epoch, set.Sequence, set.Attempt!.Value, disk.Index, index))
                return $"a list of base segments of its disk {disk.Index} is named {lists[index].Blob}";
        }

        return null;
    }
}
