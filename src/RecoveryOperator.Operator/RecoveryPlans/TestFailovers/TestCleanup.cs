using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans.TestFailovers;

/// <summary>Removes what the tests of a plan made of one VM: the machine, then the grant, and the record last, which frees the point (docs/failover.md, "Cleanup").</summary>
internal sealed partial class TestCleanup(TestAgentSteps agents, IObjectReader<RecoveryHost> hosts, ILogger<TestCleanup> logger)
{
    /// <summary>Removes one test, if there is one.</summary>
    /// <returns>Done when none is left; the message says what may be left on a host.</returns>
    public async Task<StepOutcome> StepAsync(TestRun run, CancellationToken cancellationToken)
    {
        var member = run.Member;
        if (member.Resource is null)
            return new(StepProgress.Done, $"ProtectedVM {member.Name} does not exist any more: a test machine of it may be left on a host.");
        if (member.Journal is null)
            return NotRead(member);
        if (TestTransitions.OfPlan(run.Journal, run.Plan.Metadata.Name).FirstOrDefault() is not { } test)
            return StepOutcome.Done;

        try
        {
            return await RemoveAsync(run, test, cancellationToken);
        }
        catch (VaultException fault)
        {
            LogBlocked(member.Name, run.Request.Id, fault.Message, fault);
            return StepOutcome.Blocked($"{fault.Message} {fault.Remedy}");
        }
        catch (AgentUnavailableException fault)
        {
            LogBlocked(member.Name, run.Request.Id, fault.Message, fault);
            return StepOutcome.Blocked(fault.Message);
        }
    }

    private async Task<StepOutcome> RemoveAsync(TestRun run, TestFailoverRecord test, CancellationToken cancellationToken)
    {
        var vault = run.Member.Vault!;
        var host = new NamespacedName(run.Plan.Metadata.NamespaceProperty, test.Host);
        var left = string.Empty;
        if (hosts.Get(host) is null)
        {
            left = $"RecoveryHost {test.Host} does not exist any more: machine {test.MachineName} may be left there.";
            LogLeft(run.Member.Name, test.Host, test.MachineName);
        }
        else
        {
            var removed = await agents.RemoveAsync($"{run.Key}/{test.OperationId}", host, vault.Id.ToString(), test, cancellationToken);
            if (removed.Progress != StepProgress.Done)
                return removed;
        }

        await vault.RevokeReplicaReadAsync(TestAgentSteps.GrantOf(test), cancellationToken);
        if (await vault.WriteJournalAsync(TestTransitions.Remove(run.Journal, test), run.Member.Journal!.ETag, cancellationToken) is null)
            return StepOutcome.Forestalled;
        LogRemoved(run.Member.Name, test.MachineName, test.Host);
        return new(StepProgress.Done, left);
    }

    private static StepOutcome NotRead(PlanMemberView member) => member.State == Replication.Plans.PlanMemberState.NotRecoverable
        ? new(StepProgress.Done, $"{member.Problem} A test machine of it may be left on a host.")
        : StepOutcome.Blocked(member.Problem ?? $"The journal of {member.Name} cannot be read.");

    [LoggerMessage(1, LogLevel.Information, "The test machine {machine} of {protectedVm} on {host} is removed, its recovery point is free")]
    private partial void LogRemoved(string protectedVm, string machine, string host);

    [LoggerMessage(2, LogLevel.Warning, "The test machine {machine} of {protectedVm} may be left on {host}, which is no RecoveryHost any more")]
    private partial void LogLeft(string protectedVm, string host, string machine);

    [LoggerMessage(3, LogLevel.Warning, "Blocked: operation {operation} of {protectedVm}: {reason}")]
    private partial void LogBlocked(string protectedVm, string operation, string reason, Exception exception);
}
