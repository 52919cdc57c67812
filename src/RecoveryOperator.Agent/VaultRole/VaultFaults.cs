using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Verify;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>The vault role's own faults; all others are classified by <see cref="Faults.FaultTable"/>.</summary>
internal static class VaultFaults
{
    /// <summary>What is wrong with a replica; null when nothing is.</summary>
    public static Fault? Of(AppliedDocument applied) => applied switch
    {
        { Damage: { } damage } => Of(damage),
        { ReplicaDamage: { } bad } => new Fault
        {
            Category = FaultCategory.ResyncRequired,
            Reason = "ReplicaDamaged",
            Object = $"disk {bad.Disk}",
            Message = $"{bad.BadBlocks} blocks of recovery point {bad.Point.Sequence} of epoch {bad.Point.Epoch} are not what the source read, the first on disk {bad.Disk} at byte {bad.OffsetBytes}.",
            Remedy = "The host resynchronizes with checksums computed anew, by itself if the policy allows it. Until then recover from a point that was verified.",
        },
        _ => null,
    };

    /// <summary>The fault of a damaged set.</summary>
    public static Fault Of(DamageRecord damage) => new()
    {
        Category = FaultCategory.ResyncRequired,
        Reason = "SetDamaged",
        Object = damage.Blob,
        Message = $"Set {damage.Sequence} of epoch {damage.Epoch} is damaged: {damage.Reason}",
        Remedy = "Resynchronize the machine. Recovery points before this set are whole: fail over to LatestProcessed.",
    };

    /// <summary>The fault of a point that is not what the source read.</summary>
    public static Fault Of(PointVerification verification)
    {
        DiskVerification bad = verification.Disks.First(disk => !disk.IsWhole);
        string where = bad.BadRanges is [var first, ..] ? $"first on disk {bad.Index} ({bad.Target}) at byte {first.OffsetBytes}" : $"disk {bad.Index} ({bad.Target}): {bad.Fault}";
        return new Fault
        {
            Category = FaultCategory.ResyncRequired,
            Reason = "PointDamaged",
            Object = $"point {verification.Point.Epoch}-{verification.Point.Sequence}",
            Message = $"{verification.BadBlocks} blocks of point {verification.Point.Epoch}-{verification.Point.Sequence} are not what the source read, {where}.",
            Remedy = "Recover from another point, an older one for example: each has its own snapshots. The replica is resynchronized with checksums computed anew.",
        };
    }
}
