using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>
/// Executes recovery plans. What happened stands in the journals in the vault; status is derived from them at each visit, so nothing is
/// lost with the cluster.
/// </summary>
internal sealed partial class RecoveryPlanController(
    PlanMemberReader members,
    PlanJournals journals,
    PlanRunner runner,
    StatusWriter status,
    IEventRecorder events,
    PlanOptions options,
    TimeProvider time,
    ILogger<RecoveryPlanController> logger) : IEntityController<RecoveryPlan>
{
    /// <inheritdoc/>
    public async Task<ReconciliationResult<RecoveryPlan>> ReconcileAsync(RecoveryPlan entity, CancellationToken cancellationToken)
    {
        var views = await members.ReadAsync(entity, cancellationToken);
        var situation = new PlanSituation(entity, views);
        TimeSpan? again = null;
        try
        {
            var journal = await journals.OpenAsync(entity, cancellationToken);
            situation = situation with { Journal = journal.Document };
            if (entity.Spec.Operation is { } wanted)
                (situation, again) = await PursueAsync(situation, journal, wanted, cancellationToken);
        }
        catch (VaultException fault)
        {
            LogVault(NamespacedName.Of(entity).ToString(), fault.Message, fault);
            situation = situation with { Problem = $"{fault.Message} {fault.Remedy}" };
            again = options.BlockedInterval;
        }

        await status.ApplyAsync(entity, PlanStatusBuilder.Build(situation, time.GetUtcNow()), cancellationToken);
        return new(entity, true, again ?? PollInterval(situation));
    }

    /// <inheritdoc/>
    public Task<ReconciliationResult<RecoveryPlan>> DeletedAsync(RecoveryPlan entity, CancellationToken cancellationToken) =>
        Task.FromResult(ReconciliationResult<RecoveryPlan>.Success(entity));

    /// <summary>A plan that has not all its points yet is looked at again: points appear in the vault, not in the cluster.</summary>
    private TimeSpan? PollInterval(PlanSituation situation) =>
        situation.Members.Any(m => m.State is PlanMemberState.Unknown or PlanMemberState.NotRecoverable) ? options.BlockedInterval : null;

    private async Task<(PlanSituation Situation, TimeSpan? Again)> PursueAsync(
        PlanSituation situation, PlanJournal journal, PlanOperation wanted, CancellationToken cancellationToken)
    {
        var request = new OperationRequest(wanted.Id, Enum.Parse<OperationType>(wanted.Type.ToString()), wanted.RecoveryPoint ?? PointChoice.Latest);
        var known = PlanJournalTransitions.Known(journal.Document);
        var decision = OperationGuard.Decide(request, known, [.. situation.Members.Select(m => m.ToMember())]);
        situation = situation with { Verdict = decision };
        switch (decision.Verdict)
        {
            case OperationVerdict.Accept:
                return await RecordAsync(
                    situation, journal with { Document = PlanJournalTransitions.Accept(journal.Document, request, time.GetUtcNow()) },
                    EventType.Normal, "OperationAccepted", $"{request.Type} '{request.Id}' begins.", cancellationToken);
            case OperationVerdict.Refuse:
                return await RecordAsync(
                    situation, journal with { Document = PlanJournalTransitions.Refuse(journal.Document, request, decision.Message, time.GetUtcNow()) },
                    EventType.Warning, "OperationRefused", decision.Message, cancellationToken);
            case OperationVerdict.Continue:
                return await ContinueAsync(situation, journal, request, cancellationToken);
            case OperationVerdict.IdReused:
                events.Publish(situation.Plan, EventType.Warning, "OperationIdReused", decision.Message);
                return (situation, null);
            case OperationVerdict.Wait:
                return (situation, options.BlockedInterval);
            default:
                return (situation, null);
        }
    }

    /// <summary>The journal first, then anything else: an id is spent before its operation has any effect.</summary>
    private async Task<(PlanSituation Situation, TimeSpan? Again)> RecordAsync(
        PlanSituation situation, PlanJournal journal, EventType type, string reason, string message, CancellationToken cancellationToken)
    {
        if (!await PlanJournals.WriteAsync(journal, cancellationToken))
            return (situation, TimeSpan.Zero);
        LogOperation(NamespacedName.Of(situation.Plan).ToString(), reason, message);
        events.Publish(situation.Plan, type, reason, message);
        return (situation with { Journal = journal.Document }, TimeSpan.Zero);
    }

    private async Task<(PlanSituation Situation, TimeSpan? Again)> ContinueAsync(
        PlanSituation situation, PlanJournal journal, OperationRequest request, CancellationToken cancellationToken)
    {
        var acceptedAt = journal.Document.Operations.First(o => o.Operation.Id == request.Id).Operation.StartedAt;
        var run = await runner.RunAsync(situation.Plan, situation.Members, request, acceptedAt, cancellationToken);
        situation = situation with { Members = [.. run.Select(r => r.Member)], Outcomes = run.ToDictionary(r => r.Member.Name, r => r.Outcome) };
        if (run.Any(r => r.Outcome.Progress != StepProgress.Done))
        {
            foreach (var blocked in run.Where(r => r.Outcome.Progress == StepProgress.Blocked))
                events.Publish(situation.Plan, EventType.Warning, "OperationBlocked", blocked.Outcome.Message);
            return (situation, run.Any(r => r.Outcome.Progress == StepProgress.Running) ? options.StepInterval : options.BlockedInterval);
        }

        var result = PlanRunner.Summarize(run, request, acceptedAt);
        var ended = PlanJournalTransitions.End(journal.Document, request.Id, OperationState.Succeeded, result, time.GetUtcNow());
        return await RecordAsync(
            situation, journal with { Document = ended }, EventType.Normal, "OperationSucceeded", $"{request.Type} '{request.Id}': {result.Message}", cancellationToken);
    }

    [LoggerMessage(1, LogLevel.Information, "{reason}: plan {recoveryPlan}: {message}")]
    private partial void LogOperation(string recoveryPlan, string reason, string message);

    [LoggerMessage(2, LogLevel.Warning, "Plan {recoveryPlan} waits for its vault: {reason}")]
    private partial void LogVault(string recoveryPlan, string reason, Exception exception);
}
