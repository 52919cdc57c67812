using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Api.Vaults;
using RecoveryOperator.Kubernetes.Status;

namespace RecoveryOperator.Operator.Vaults;

/// <summary>Adds up what replicas take in a vault, from what their ProtectedVMs show. Pure.</summary>
internal static class VaultStorage
{
    /// <param name="users">ProtectedVMs that name the vault.</param>
    /// <param name="before">What was shown so far.</param>
    /// <param name="refreshInterval">How often it is added up anew.</param>
    /// <param name="now">The time.</param>
    public static VaultStorageStatus? Sum(IReadOnlyList<ProtectedVM> users, VaultStorageStatus? before, TimeSpan refreshInterval, DateTimeOffset now)
    {
        var measured = users.Select(vm => vm.Status?.Storage).OfType<ReplicaStorage>().ToList();
        if (measured.Count == 0)
            return null;
        return before is not null && before.Replicas == measured.Count && now - before.ObservedTime < refreshInterval ? before : new()
        {
            DiskBytes = measured.Sum(s => s.DiskBytes),
            SnapshotBytesAtMost = measured.Sum(s => s.SnapshotBytesAtMost),
            LogBytes = measured.Sum(s => s.LogBytes),
            Replicas = measured.Count,
            ObservedTime = now.WholeSeconds(),
        };
    }
}
