using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>What a failed-over machine needs for as long as its ProtectedVM is there, whatever becomes of the plan that recovered it.</summary>
internal sealed class AfterFailover(ReplicaReadGrants grants)
{
    /// <summary>Keeps the recovered machine's right to read its disks alive.</summary>
    /// <returns>What stands in the way; null when nothing does.</returns>
    public async Task<Obstacle?> RunAsync(GatheredProtection gathered, CancellationToken cancellationToken)
    {
        if (gathered is not { Place: { } place, Replica.Journal.Value: { } journal, Facts.Vault.Knowledge: VaultKnowledge.Ours } || !ReplicaReadGrants.IsNeededBy(journal))
            return null;
        return await grants.RenewAsync(gathered.Key.Name, place, journal, cancellationToken) is { } problem
            ? new("GrantNotRenewed", problem)
            : null;
    }
}
