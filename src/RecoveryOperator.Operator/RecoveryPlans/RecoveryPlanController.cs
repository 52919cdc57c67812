using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.Jobs.Plans;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>
/// Executes recovery plans. What happened stands in the journals in the vault; status and events are derived from them at each visit, so nothing is
/// lost with the cluster.
/// </summary>
internal sealed class RecoveryPlanController(PlanPursuit pursuit, PlanJobs jobs, StatusWriter status, IEventRecorder events, PlanOptions options, TimeProvider time)
    : IEntityController<RecoveryPlan>
{
    /// <inheritdoc/>
    public async Task<ReconciliationResult<RecoveryPlan>> ReconcileAsync(RecoveryPlan entity, CancellationToken cancellationToken)
    {
        var situation = await pursuit.VisitAsync(entity, cancellationToken);
        if (!await jobs.ShowAsync(situation, cancellationToken))
            situation = situation.Within(options.BlockedInterval);
        var next = PlanStatusBuilder.Build(situation, time.GetUtcNow());
        try
        {
            if (await status.ApplyAsync(entity, next, cancellationToken))
            {
                foreach (var news in PlanEvents.Between(entity.Status, next))
                    events.Publish(entity, news.Type, news.Reason, news.Message);
            }
        }
        catch (ResourceRequestException error)
        {
            // The runtime logs it. An operation goes on at its own pace, not at that of the key's back-off.
            var again = situation.Within(options.BlockedInterval).LookAgainAfter;
            return ReconciliationResult<RecoveryPlan>.Failure(entity, $"The plan's status was not written; its operation goes on. {error.Message}", error, again);
        }

        return new(entity, true, situation.LookAgainAfter);
    }

    /// <inheritdoc/>
    public Task<ReconciliationResult<RecoveryPlan>> DeletedAsync(RecoveryPlan entity, CancellationToken cancellationToken)
    {
        jobs.Forget(NamespacedName.Of(entity));
        return Task.FromResult(ReconciliationResult<RecoveryPlan>.Success(entity));
    }
}
