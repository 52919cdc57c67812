using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans.TestFailovers;

/// <summary>Removes what the tests of a plan made of one VM: the machine, then the grant, and the record last, which frees the point (docs/failover.md, "Cleanup").</summary>
internal sealed partial class TestCleanup(TestAgentSteps agents, IObjectReader<RecoveryHost> hosts, PlanOptions options, TimeProvider time, ILogger<TestCleanup> logger)
{
    /// <summary>Removes one test, if there is one.</summary>
    /// <returns>Done when none is left; failed, with what may be left on a host, when something that is needed for that stayed away too long.</returns>
    public async Task<StepOutcome> StepAsync(TestRun run, CancellationToken cancellationToken)
    {
        var member = run.Member;
        if (member.Resource is null)
            return WaitsFor(run, $"ProtectedVM {member.Name} does not exist: a test machine of it may be left on a host.", "Create it again with the same vault and prefix, and its test is removed");
        if (member.Journal is null)
        {
            return member.State == PlanMemberState.NotRecoverable
                ? WaitsFor(run, $"{member.Problem} A test machine of it may be left on a host.", "Clear that, and its test is removed")
                : StepOutcome.Blocked(member.Problem ?? $"The journal of {member.Name} cannot be read.");
        }

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
        var left = StepOutcome.Done;
        if (hosts.Get(host) is null)
        {
            left = WaitsFor(run, $"RecoveryHost {test.Host} does not exist: machine {test.MachineName} of {run.Member.Name} may be left there.", "Create it again, and its machine is removed");
            if (left.Progress != StepProgress.Failed)
                return left;
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
        return left;
    }

    /// <summary>A cluster that is rebuilt has its objects one after the other: what is not there is waited for, and given up in the end, which is no success.</summary>
    private StepOutcome WaitsFor(TestRun run, string absent, string remedy) => time.GetUtcNow() - run.AcceptedAt < options.CleanupPatience
        ? StepOutcome.Blocked($"{absent} {remedy}; it is given up {options.CleanupPatience.TotalMinutes:0} minutes after this was asked for.")
        : StepOutcome.Failed($"{absent} Delete it there by hand.");

    [LoggerMessage(1, LogLevel.Information, "The test machine {machine} of {protectedVm} on {host} is removed, its recovery point is free")]
    private partial void LogRemoved(string protectedVm, string machine, string host);

    [LoggerMessage(2, LogLevel.Warning, "The test machine {machine} of {protectedVm} may be left on {host}, which is no RecoveryHost any more")]
    private partial void LogLeft(string protectedVm, string host, string machine);

    [LoggerMessage(3, LogLevel.Warning, "Blocked: operation {operation} of {protectedVm}: {reason}")]
    private partial void LogBlocked(string protectedVm, string operation, string reason, Exception exception);
}
