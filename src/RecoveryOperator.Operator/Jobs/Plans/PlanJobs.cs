using System.Collections.Concurrent;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.Jobs.Plans;

/// <summary>The jobs of plans' operations: made before the first step, and brought in line with the journals at each visit.</summary>
internal sealed class PlanJobs(JobMirror mirror) : IPlanJobs
{
    /// <summary>Jobs that could not be made, and their plans: they are made later, whatever the plan's status tells by then.</summary>
    private readonly ConcurrentDictionary<NamespacedName, NamespacedName> _owed = new();

    /// <inheritdoc/>
    public async Task<PlanWish> BeginAsync(RecoveryPlan plan, PlanOperationRecord operation, CancellationToken cancellationToken)
    {
        var identity = IdentityOf(plan, operation);
        if (mirror.IsListed)
            return WishOf(await mirror.EnsureAsync(identity, cancellationToken));
        var (job, obstacle) = await mirror.ReadAsync(identity.Key, cancellationToken);
        return WishOf(job) with { Obstacle = obstacle };
    }

    /// <inheritdoc/>
    /// <remarks>Called before the plan's own status is written, which tells that an end was seen.</remarks>
    public async Task<bool> ShowAsync(PlanSituation situation, CancellationToken cancellationToken)
    {
        if (situation.Journal is not { } journal)
            return true;
        var shown = true;
        var plan = situation.Plan;
        var open = mirror.Open(JobSubjectKind.RecoveryPlan, NamespacedName.Of(plan));
        foreach (var operation in journal.Operations)
        {
            var identity = IdentityOf(plan, operation);
            var job = open.FirstOrDefault(j => j.Metadata.Name == identity.Key.Name);
            if (job is null && (_owed.ContainsKey(identity.Key) || IsNews(plan, journal, operation)))
            {
                // One try in each visit: an API server that does not answer holds an operation up but once.
                if (situation.WithoutJob == operation.Operation.Id || (job = await mirror.EnsureAsync(identity, cancellationToken)) is null)
                    (_owed[identity.Key], shown) = (NamespacedName.Of(plan), shown && !mirror.IsListed); // Without the kind there is nothing to try again for.
                else
                    _owed.TryRemove(identity.Key, out _);
            }

            if (job is not null)
                shown &= await mirror.ShowAsync(job, PlanJobPicture.Of(situation, operation), cancellationToken);
        }

        return shown;
    }

    /// <summary>The plan is gone, and nobody makes its jobs any more.</summary>
    public void Forget(NamespacedName plan)
    {
        foreach (var (job, _) in _owed.Where(o => o.Value == plan))
            _owed.TryRemove(job, out _);
    }

    private static PlanWish WishOf(RecoveryJob? job) => job is null
        ? PlanWish.None with { IsWithoutJob = true }
        : new(job.Spec.Cancel?.Id, job.Metadata.Annotations is { } annotations && annotations.TryGetValue(ApiConstants.RetryAnnotation, out var token) ? token : null);

    private static JobIdentity IdentityOf(RecoveryPlan plan, PlanOperationRecord operation)
    {
        var type = Enum.Parse<RecoveryJobType>(operation.Operation.Type);
        return new(plan, JobSubjectKind.RecoveryPlan, type, operation.Operation.Id)
        {
            RecoveryPoint = type is RecoveryJobType.UnplannedFailover or RecoveryJobType.TestFailover ? operation.RecoveryPoint : null,
            RequestedBy = plan.Spec.Operation is { } asked && asked.Id == operation.Operation.Id ? asked.RequestedBy : null,
        };
    }

    /// <summary>
    /// It runs; or it is the last one, and the plan's status does not tell of its end yet. A plan without any status has just been created or rebuilt:
    /// what had ended by then is history.
    /// </summary>
    private static bool IsNews(RecoveryPlan plan, PlanJournalDocument journal, PlanOperationRecord operation)
    {
        if (operation.Operation.State == nameof(OperationState.Accepted))
            return true;
        if (plan.Status is not { } told || operation != journal.Operations.LastOrDefault(o => o.Operation.State != nameof(OperationState.Refused)))
            return false;
        if (told.CurrentOperation is { } current && current.Id == operation.Operation.Id)
            return current.FinishedAt is null;

        // A running operation is what a status tells first. One that tells of later ids, and not of this one as running, has told its end, maybe long ago.
        var since = journal.Operations.SkipWhile(o => o != operation).Select(o => o.Operation.Id).ToHashSet();
        return !told.History.Select(h => h.Id).Append(told.CurrentOperation?.Id).OfType<string>().Any(since.Contains);
    }
}
