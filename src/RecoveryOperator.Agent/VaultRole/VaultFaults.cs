using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Documents;

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
}
