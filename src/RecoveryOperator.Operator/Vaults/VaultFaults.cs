using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Operator.Vaults;

/// <summary>Turns what the vault refused into cause and remedy.</summary>
internal static class VaultFaults
{
    /// <summary>Why the vault refused.</summary>
    public static Obstacle Explain(VaultException error, string vault)
    {
        var message = $"RecoveryVault {vault}: {error.Message} {error.Remedy}";
        return error.Fault switch
        {
            VaultFault.Unavailable => new("VaultUnreachable", message, false),
            VaultFault.AccessDenied => new("VaultAccessDenied", message),
            VaultFault.Conflict or VaultFault.Changed => new("VaultConflict", message, false),
            VaultFault.KeyMissing => new("KeyMissing", message),
            VaultFault.Damaged => new("VaultDamaged", message),
            VaultFault.Unsupported => new("VaultUnsupported", message),
            _ => new("VaultNotFound", message, false),
        };
    }
}
