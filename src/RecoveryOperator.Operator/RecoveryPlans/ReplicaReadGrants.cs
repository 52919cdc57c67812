using System.Collections.Concurrent;
using RecoveryOperator.Operator.RecoveryPlans.TestFailovers;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
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

    /// <summary>It has a grant that must live: a machine was made from the replica, by a failover or a test.</summary>
    public static bool IsNeededBy(JournalDocument? journal) => HasRecovered(journal) || journal?.Tests.Any(t => t.MachineId is not null) == true;

    private static bool HasRecovered(JournalDocument? journal) => journal?.Failover?.MachineId is not null;

    /// <summary>Renews what is due.</summary>
    /// <param name="name">Name of the ProtectedVM.</param>
    /// <param name="vault">Its replica's place.</param>
    /// <param name="journal">Its journal, with a recovered machine.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>What stands in the way of the renewal, and what to do; null when nothing does.</returns>
    public async Task<string?> RenewAsync(string name, ProtectionVault vault, JournalDocument journal, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var key = vault.Id.ToString();
        if (_looked.TryGetValue(key, out var last) && now - last < options.GrantInterval)
            return null;

        try
        {
            if (HasRecovered(journal))
            {
                await vault.GrantReplicaReadAsync(NameOf(journal), now, cancellationToken);
                await vault.RevokeHostGrantAsync(cancellationToken);
            }

            // A test's is never given here: its cleanup may have revoked it since the journal was read. The source's stays: it is not fenced.
            List<string> lost = [];
            foreach (var test in journal.Tests.Where(t => t.MachineId is not null))
            {
                if (!await vault.RenewReplicaReadAsync(TestAgentSteps.GrantOf(test), now, cancellationToken))
                    lost.Add($"The test machine {test.MachineName} on {test.Host} (plan {test.Plan}) has lost its right to read the replica: clean the test up, and test again.");
            }

            if (lost.Count > 0)
                return string.Join(' ', lost); // Looked at again with the next visit: a cleanup may be at work.
            _looked[key] = now;
            return null;
        }
        catch (VaultException fault)
        {
            LogNotRenewed(name, fault.Message, fault);
            var whose = HasRecovered(journal) ? $"{name}, which runs from the vault," : $"the test machines of {name}";
            return $"The right of {whose} to read its replica could not be renewed: {fault.Message} {fault.Remedy}";
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The read grant of {protectedVm} was not renewed: {reason}")]
    private partial void LogNotRenewed(string protectedVm, string reason, Exception exception);
}
