using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>Where a host finds the disks of a point, and what their blocks have to be.</summary>
internal static class ReplicaDiskSources
{
    /// <param name="point">The point.</param>
    /// <param name="grant">The right to read; null for a mere check, which reads nothing.</param>
    public static IEnumerable<ReplicaDiskSource> Of(RecoveryPointDocument point, ReplicaReadGrant? grant) => point.Disks.Select(disk => new ReplicaDiskSource
    {
        Index = disk.Index,
        SizeBytes = disk.SizeBytes,
        SnapshotUri = grant?.SnapshotUri(disk).AbsoluteUri ?? string.Empty,
        SumsUri = grant?.SumsUri(disk)?.AbsoluteUri ?? string.Empty,
    });
}
