using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Control;

/// <summary>A right to read disk snapshots of one replica, and those of their checksum tables.</summary>
public sealed class ReplicaReadGrant
{
    private readonly StoredPolicies _disks;
    private readonly StoredPolicies _sums;
    private readonly string _policy;

    internal ReplicaReadGrant(StoredPolicies disks, StoredPolicies sums, string policy)
    {
        _disks = disks;
        _sums = sums;
        _policy = policy;
    }

    /// <summary>URI of a disk's snapshot, which reads nothing else. A secret; stable over renewals of the grant.</summary>
    public Uri SnapshotUri(PointDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        return _disks.SignSnapshot(_policy, disk.Blob, disk.Snapshot);
    }

    /// <summary>URI of the snapshot of a disk's checksum table, which reads nothing else; null when the point names none. A secret; stable over renewals of the grant.</summary>
    public Uri? SumsUri(PointDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        return string.IsNullOrEmpty(disk.SumsSnapshot) ? null : _sums.SignSnapshot(_policy, VaultNames.Sums(disk.Index), disk.SumsSnapshot);
    }
}
