using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Control;

/// <summary>A right to read disk snapshots of one replica.</summary>
public sealed class ReplicaReadGrant
{
    private readonly StoredPolicies _policies;
    private readonly string _policy;

    internal ReplicaReadGrant(StoredPolicies policies, string policy)
    {
        _policies = policies;
        _policy = policy;
    }

    /// <summary>URI of a disk's snapshot, which reads nothing else. A secret; stable over renewals of the grant.</summary>
    public Uri SnapshotUri(PointDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        return _policies.SignSnapshot(_policy, disk.Blob, disk.Snapshot);
    }
}
