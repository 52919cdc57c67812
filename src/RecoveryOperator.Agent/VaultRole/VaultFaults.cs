using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>The vault role's own faults; all others are classified by <see cref="Faults.FaultTable"/>.</summary>
internal static class VaultFaults
{
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
