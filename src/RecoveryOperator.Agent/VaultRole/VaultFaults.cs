using RecoveryOperator.Protocol;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>Errors of the vault role as callers see them.</summary>
internal static class VaultFaults
{
    /// <summary>The fault of an error.</summary>
    public static Fault Classify(Exception error) => error switch
    {
        SetDamagedException damaged => Of(damaged.Damage),
        VaultException vault => new Fault
        {
            Category = vault.Fault is VaultFault.Unavailable or VaultFault.Conflict ? FaultCategory.Recoverable : FaultCategory.NonRecoverable,
            Reason = vault.Fault == VaultFault.AccessDenied ? "VaultAccessDenied" : $"Vault{vault.Fault}",
            Object = vault.Target,
            Message = vault.Message,
            Remedy = vault.Remedy,
        },
        _ => new Fault
        {
            Category = FaultCategory.Recoverable,
            Reason = "Unexpected",
            Message = error.Message,
            Remedy = "It is tried again by itself. If it lasts, report it with the agent's log.",
        },
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

/// <summary>A committed set proved damaged: nothing behind it can be applied.</summary>
internal sealed class SetDamagedException(DamageRecord damage) : Exception(damage.Reason)
{
    public DamageRecord Damage { get; } = damage;
}
