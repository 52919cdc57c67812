using System.Globalization;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Replication.Plans;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>A VM after its steps were looked at.</summary>
/// <param name="Member">As it stands now.</param>
/// <param name="Outcome">How its last step stands.</param>
internal sealed record MemberRun(PlanMemberView Member, StepOutcome Outcome);

/// <summary>Drives an accepted operation: VMs side by side, starts in the order of the groups.</summary>
internal sealed class PlanRunner(PlanMemberReader reader, FailoverExecutor executor, TimeProvider time)
{
    /// <summary>A vault takes this many machines' requests at once without notice.</summary>
    private const int MachinesAtOnce = 16;

    /// <summary>Takes every VM as far as it goes without waiting.</summary>
    public async Task<IReadOnlyList<MemberRun>> RunAsync(
        RecoveryPlan plan, IReadOnlyList<PlanMemberView> members, OperationRequest request, DateTimeOffset acceptedAt, CancellationToken cancellationToken)
    {
        var group = GroupOrder.Current([.. plan.Spec.Groups.Select((_, index) =>
            (IReadOnlyList<bool>)[.. members.Where(m => m.Group == index).Select(m => m.HasSucceeded(request.Id))])]);
        var runs = new MemberRun[members.Count];
        await Parallel.ForAsync(0, members.Count, new ParallelOptions { MaxDegreeOfParallelism = MachinesAtOnce, CancellationToken = cancellationToken }, async (i, token) =>
            runs[i] = request.Type == OperationType.Commit
                ? await CommitAsync(plan, members[i], request, token)
                : await FailOverAsync(plan, members[i], request, acceptedAt, members[i].Group <= group, token));
        return runs;
    }

    /// <summary>What is kept of an operation that ended well.</summary>
    public static PlanResult Summarize(IReadOnlyList<MemberRun> runs, OperationRequest request, DateTimeOffset acceptedAt)
    {
        if (request.Type == OperationType.Commit)
            return new(null, null, $"{runs.Count} virtual machine(s) committed.");
        var results = runs.Select(r => MemberResults.Of(r.Member, request.Id)).ToList();
        var rpo = results.Max(r => r?.RpoSeconds);
        var rto = results.Max(r => r?.RtoSeconds);
        return new(rpo, rto, string.Create(CultureInfo.InvariantCulture, $"{runs.Count} virtual machine(s) recovered, RPO {rpo:0.0} s, RTO {rto:0.0} s."));
    }

    private async Task<MemberRun> FailOverAsync(
        RecoveryPlan plan, PlanMemberView member, OperationRequest request, DateTimeOffset acceptedAt, bool mayStart, CancellationToken cancellationToken)
    {
        while (member.Journal is not null && member.FactsOf(request.Id).Next is var step and not FailoverStep.Done)
        {
            var outcome = await executor.StepAsync(new FailoverContext(plan, member, request, acceptedAt), mayStart, cancellationToken);
            if (outcome.Progress != StepProgress.Done)
                return new(member, outcome);
            member = await reader.ReadAsync(NamespacedName.Of(plan) with { Name = member.Name }, member.Group, cancellationToken);
        }

        return member.Journal is null ? new(member, StepOutcome.Blocked(member.Problem ?? "Its journal cannot be read.")) : new(member, StepOutcome.Done);
    }

    private async Task<MemberRun> CommitAsync(RecoveryPlan plan, PlanMemberView member, OperationRequest request, CancellationToken cancellationToken)
    {
        if (member.State == PlanMemberState.Committed)
            return new(member, StepOutcome.Done);
        if (member.State != PlanMemberState.FailedOver)
            return new(member, StepOutcome.Blocked(member.Problem ?? $"{member.Name} is {member.State}."));

        var written = await member.Vault!.WriteJournalAsync(
            JournalTransitions.Commit(member.Journal!.Value, request, time.GetUtcNow()), member.Journal.ETag, cancellationToken);
        var read = await reader.ReadAsync(NamespacedName.Of(plan) with { Name = member.Name }, member.Group, cancellationToken);
        return new(read, written is null ? StepOutcome.Running("The journal was changed by somebody else; it is read again.") : StepOutcome.Done);
    }
}
