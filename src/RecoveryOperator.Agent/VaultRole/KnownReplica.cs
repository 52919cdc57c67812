using RecoveryOperator.DataPath;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>A replica of the vault: what applies it, and what verifies it.</summary>
/// <param name="Work">Applies it.</param>
/// <param name="Verifications">Verifies it.</param>
internal sealed record KnownReplica(ReplicaWork Work, ReplicaVerifications Verifications)
{
    /// <summary>The protection.</summary>
    public ProtectionId Id => Work.Id;
}
