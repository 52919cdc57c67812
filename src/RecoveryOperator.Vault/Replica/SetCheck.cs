using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Vhd;

namespace RecoveryOperator.Vault.Replica;

/// <summary>Whether a set is the next one of its replica, and within bounds. A host writes sets: nothing in them is believed unchecked.</summary>
internal static class SetCheck
{
    private const int MaxDisks = 64;

    /// <summary>What is wrong with the set, or null.</summary>
    public static string? FindFault(StoredSet set, ProtectionId protection, long epoch, AppliedDocument applied)
    {
        SetManifest manifest = set.Manifest;
        string? previous = applied.Epoch == epoch ? applied.SetSha256 : null;
        long sequence = applied.Epoch == epoch ? applied.Sequence + 1 : 1;
        if (manifest.ProtectionId != protection.ToString() || manifest.Epoch != epoch || manifest.Sequence != sequence)
            return $"it says that it is set {manifest.Sequence} of epoch {manifest.Epoch} of {manifest.ProtectionId}";
        if (manifest.Kind == SetKind.Seal)
            return null; // A seal ends the epoch whatever it follows: fencing cannot be held up.
        if (manifest.PreviousSha256 != previous)
            return $"its previous set has SHA-256 {manifest.PreviousSha256 ?? "(none)"}, the one applied last has {previous ?? "(none)"}";
        if (manifest.Machine is null || manifest.Attempt is null)
            return "it has no machine or no attempt";

        return FindDiskFault(manifest.Disks);
    }

    private static string? FindDiskFault(IReadOnlyList<SetDisk> disks)
    {
        if (disks.Count > MaxDisks || disks.Select(disk => disk.Index).Distinct().Count() != disks.Count)
            return $"it has more than {MaxDisks} disks, or two of one index";

        foreach (SetDisk disk in disks)
        {
            if (disk.Index is < 0 or > 9999 || disk.SizeBytes <= 0 || disk.SizeBytes > FixedVhdFooter.MaxDiskSizeBytes)
                return $"its disk {disk.Index} has {disk.SizeBytes} bytes; 1 to {FixedVhdFooter.MaxDiskSizeBytes} are possible";
            if (disk.Base.Concat(disk.Segments).Any(segment => segment.LengthBytes is <= 0 or > ChangeLogConstants.MaxSegmentLengthBytes))
                return $"a segment of its disk {disk.Index} is empty, or longer than {ChangeLogConstants.MaxSegmentLengthBytes} bytes";
        }

        return null;
    }
}
