using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.RecoveryPlans.TestFailovers;
using RecoveryOperator.Replication.Plans;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>Drives an accepted operation: VMs side by side, starts in the order of the groups.</summary>
internal sealed class PlanRunner(PlanMemberReader reader, FailoverExecutor failover, CommitExecutor commit, TestRunner tests, IJournalObserver observer)
{
    /// <summary>A vault takes this many machines' requests at once without notice.</summary>
    private const int MachinesAtOnce = 16;

    /// <summary>Takes every VM as far as it goes without waiting. A group that ended whole lets the next one start in the same visit.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="members">The VMs that the operation was accepted for.</param>
    /// <param name="request">The operation.</param>
    /// <param name="acceptedAt">When it was accepted.</param>
    /// <param name="isUndone">It is a test failover that was canceled: what it made is removed.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<IReadOnlyList<MemberRun>> RunAsync(
        RecoveryPlan plan, IReadOnlyList<PlanMemberView> members, OperationRequest request, DateTimeOffset acceptedAt, bool isUndone, CancellationToken cancellationToken)
    {
        var work = isUndone ? OperationType.CleanupTestFailover : request.Type;
        IReadOnlyList<MemberRun> runs = [.. members.Select(m => new MemberRun(m, StepOutcome.Running(string.Empty)))];
        var reached = Reached(runs, run => work == OperationType.TestFailover
            ? new TestRun(plan, run.Member, request, acceptedAt).Record?.StartedAt is not null
            : run.Member.FactsOf(OperationKey.Of(plan, request)).Started);
        while (true)
        {
            runs = await PassAsync(plan, runs, request, work, acceptedAt, reached, cancellationToken);
            var next = Reached(runs, run => run.Outcome.HasEnded);
            if (next <= reached || work is OperationType.Commit or OperationType.CleanupTestFailover)
                return runs;
            reached = next;
        }
    }

    /// <summary>What waits for its next try is tried at the next run.</summary>
    public void RetryNow(RecoveryPlan plan, OperationRequest request) => failover.RetryNow(plan, request);

    /// <summary>Index of the first group that has not ended whole.</summary>
    private static int Reached(IReadOnlyList<MemberRun> runs, Func<MemberRun, bool> ended)
    {
        var groups = runs.Count == 0 ? 0 : runs.Max(r => r.Member.Group) + 1;
        return GroupOrder.Current([.. Enumerable.Range(0, groups).Select(group =>
            (IReadOnlyList<bool>)[.. runs.Where(r => r.Member.Group == group).Select(ended)])]);
    }

    private async Task<IReadOnlyList<MemberRun>> PassAsync(
        RecoveryPlan plan, IReadOnlyList<MemberRun> runs, OperationRequest request, OperationType work, DateTimeOffset acceptedAt, int reached, CancellationToken cancellationToken)
    {
        var after = new MemberRun[runs.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = MachinesAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, runs.Count, parallel, async (i, token) => after[i] = runs[i] switch
        {
            { Outcome.HasEnded: true } ended => ended,
            var run when work == OperationType.Commit => await CommitAsync(plan, run.Member, request, token),
            var run when work == OperationType.TestFailover => await tests.RunAsync(new TestRun(plan, run.Member, request, acceptedAt), run.Member.Group <= reached, token),
            var run when work == OperationType.CleanupTestFailover => await tests.RemoveAsync(new TestRun(plan, run.Member, request, acceptedAt), token),
            var run => await FailOverAsync(new FailoverContext(plan, run.Member, request, acceptedAt), run.Member.Group <= reached, token),
        });
        return after;
    }

    private async Task<MemberRun> FailOverAsync(FailoverContext context, bool mayStart, CancellationToken cancellationToken)
    {
        while (context.Member.Journal is not null && context.Next is var step and not FailoverStep.Done)
        {
            var outcome = await failover.StepAsync(context, mayStart, cancellationToken);
            if (outcome.Progress != StepProgress.Done)
                return new(context.Member, outcome);
            Tell(context.Plan, context.Member);
            context = context with { Member = await ReadAsync(context.Plan, context.Member, cancellationToken) };
            if (context.Member.Journal is not null && context.Next == step && step != FailoverStep.Create)
                return new(context.Member, StepOutcome.Running($"Step {step} is looked at again."));
        }

        return new(context.Member, context.Member.Journal is null
            ? StepOutcome.Blocked(context.Member.Problem ?? $"The journal of {context.Member.Name} cannot be read.")
            : StepOutcome.Done);
    }

    private async Task<MemberRun> CommitAsync(RecoveryPlan plan, PlanMemberView member, OperationRequest request, CancellationToken cancellationToken)
    {
        var outcome = await commit.StepAsync(plan, member, request, cancellationToken);
        Tell(plan, member);
        return new(await ReadAsync(plan, member, cancellationToken), outcome);
    }

    private void Tell(RecoveryPlan plan, PlanMemberView member)
    {
        if (member.Vault is { } vault)
            observer.JournalChanged(NamespacedName.Of(plan) with { Name = member.Name }, vault.Id.ToString());
    }

    private Task<PlanMemberView> ReadAsync(RecoveryPlan plan, PlanMemberView member, CancellationToken cancellationToken) =>
        reader.ReadAsync(NamespacedName.Of(plan) with { Name = member.Name }, member.Group, cancellationToken);
}
