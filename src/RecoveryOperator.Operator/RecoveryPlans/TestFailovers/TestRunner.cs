using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Replication.Plans;

namespace RecoveryOperator.Operator.RecoveryPlans.TestFailovers;

/// <summary>Takes one VM of a test failover, or of its removal, as far as it goes without waiting.</summary>
internal sealed class TestRunner(PlanMemberReader reader, TestFailoverExecutor executor, TestCleanup cleanup)
{
    /// <summary>Does steps of the test until one has to wait.</summary>
    public async Task<MemberRun> RunAsync(TestRun run, bool mayStart, CancellationToken cancellationToken)
    {
        if (run.Member.Resource is null)
            return new(run.Member, StepOutcome.Failed($"ProtectedVM {run.Member.Name} does not exist any more."));
        while (run.Member.Journal is not null && run.Next is var step and not TestFailoverStep.Done)
        {
            var outcome = await executor.StepAsync(run, mayStart, cancellationToken);
            if (outcome.Progress != StepProgress.Done)
                return new(run.Member, outcome);
            run = await ReadAsync(run, cancellationToken);
            if (run.Next == step && step != TestFailoverStep.Create)
                return new(run.Member, StepOutcome.Running($"Step {step} is looked at again."));
        }

        return new(run.Member, run.Member.Journal is null
            ? StepOutcome.Blocked(run.Member.Problem ?? $"The journal of {run.Member.Name} cannot be read.")
            : StepOutcome.Done)
        { Result = run.Record?.Result };
    }

    /// <summary>Removes all tests of the plan, one after the other.</summary>
    public async Task<MemberRun> RemoveAsync(TestRun run, CancellationToken cancellationToken)
    {
        List<string> left = [];
        while (true)
        {
            var before = TestTransitions.OfPlan(run.Member.Journal?.Value, run.Plan.Metadata.Name).Count();
            var outcome = await cleanup.StepAsync(run, cancellationToken);
            if (outcome.Progress == StepProgress.Failed)
                left.Add(outcome.Message);
            else if (outcome.Progress != StepProgress.Done)
                return new(run.Member, outcome);
            if (before == 0)
                return new(run.Member, left.Count == 0 ? StepOutcome.Done : StepOutcome.Failed(string.Join(' ', left)));
            run = await ReadAsync(run, cancellationToken);
        }
    }

    private async Task<TestRun> ReadAsync(TestRun run, CancellationToken cancellationToken) => run with
    {
        Member = await reader.ReadAsync(NamespacedName.Of(run.Plan) with { Name = run.Member.Name }, run.Member.Group, cancellationToken),
    };
}
