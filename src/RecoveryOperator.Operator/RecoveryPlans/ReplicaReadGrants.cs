using System.Collections.Concurrent;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>
/// Keeps the right of recovered machines to read their replica alive while they run from the vault: without it their disks would stop to answer after
/// seven days. Cheap: one request per machine and interval, a write once a day.
/// </summary>
internal sealed partial class ReplicaReadGrants(TimeProvider time, PlanOptions options, ILogger<ReplicaReadGrants> logger)
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _looked = new();

    /// <summary>Name of the grant of the machine that runs in the journal's epoch.</summary>
    public static string NameOf(JournalDocument journal) => $"epoch-{journal.Epoch}";

    /// <summary>It has a grant that must live: a machine was made from the replica.</summary>
    public static bool IsNeededBy(PlanMemberView member) => member.Failover?.MachineId is not null;

    /// <summary>Renews what is due. What stands in the way of one machine's renewal, and what to do; null when nothing does.</summary>
    public async Task<string?> RenewAsync(PlanMemberView member, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var key = member.Vault!.Id.ToString();
        if (_looked.TryGetValue(key, out var last) && now - last < options.GrantInterval)
            return null;

        try
        {
            await member.Vault.GrantReplicaReadAsync(NameOf(member.Journal!.Value), now, cancellationToken);
            await member.Vault.RevokeHostGrantAsync(cancellationToken);
            _looked[key] = now;
            return null;
        }
        catch (VaultException fault)
        {
            LogNotRenewed(member.Name, fault.Message, fault);
            return $"The right of {member.Name}, which runs from the vault, to read its replica could not be renewed: {fault.Message} {fault.Remedy}";
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The read grant of {protectedVm} was not renewed: {reason}")]
    private partial void LogNotRenewed(string protectedVm, string reason, Exception exception);
}
