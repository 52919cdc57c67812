using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Hosting;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Options;

namespace RecoveryOperator.Operator.Jobs;

/// <summary>
/// Looks after the objects: ended jobs go when their time has come, and what a user asks of one that has not ended is taken to its subject, whose visit
/// does everything else.
/// </summary>
internal sealed partial class RecoveryJobController(
    IJobStore store,
    JobMirror mirror,
    JobWrites writes,
    ResourceClient client,
    IReconcileTrigger<ProtectedVM> machines,
    IReconcileTrigger<RecoveryPlan> plans,
    JobOptions options,
    TimeProvider time,
    ILogger<RecoveryJobController> logger) : IEntityController<RecoveryJob>
{
    private static readonly JobPicture HandMade = new(
        RecoveryJobState.Failed,
        [],
        "Jobs are made by the operator, and nothing comes of one that is made by hand: ask for a failover or a commit in a RecoveryPlan (spec.operation), for a resynchronization in a ProtectedVM (spec.resync). Delete this job.",
        new(false, "MadeByHand", "Nothing runs."));

    /// <inheritdoc/>
    public async Task<ReconciliationResult<RecoveryJob>> ReconcileAsync(RecoveryJob entity, CancellationToken cancellationToken)
    {
        if (writes.Newest(entity).HasEnded())
            return await CleanAsync(entity, cancellationToken);
        if (!entity.IsMadeByOperator() && !await mirror.ShowAsync(entity, HandMade, cancellationToken))
            return ReconciliationResult<RecoveryJob>.Failure(entity, "What to do with a job that was made by hand could not be written.");
        if (entity.Spec.Cancel is not null || entity.Metadata.Annotations?.ContainsKey(ApiConstants.RetryAnnotation) == true)
            Wake(entity);
        return ReconciliationResult<RecoveryJob>.Success(entity);
    }

    /// <summary>A job that is deleted while its operation runs is made again by its subject's visit.</summary>
    public Task<ReconciliationResult<RecoveryJob>> DeletedAsync(RecoveryJob entity, CancellationToken cancellationToken)
    {
        if (!writes.Newest(entity).HasEnded())
            Wake(entity);
        writes.Forget(entity);
        return Task.FromResult(ReconciliationResult<RecoveryJob>.Success(entity));
    }

    private async Task<ReconciliationResult<RecoveryJob>> CleanAsync(RecoveryJob entity, CancellationToken cancellationToken)
    {
        // What was just written comes back as a change; until then the copy does not show the end.
        if (!entity.Status.HasEnded())
            return ReconciliationResult<RecoveryJob>.Success(entity);
        writes.Forget(entity);
        var subject = NamespacedName.Of(entity) with { Name = entity.Spec.SubjectRef.Name };
        var cleaning = JobRetention.Decide(entity, store.Of(entity.Spec.SubjectRef.Kind, subject), options.HistoryPerSubject, time.GetUtcNow());
        foreach (var gone in cleaning.Gone)
        {
            if (await client.DeleteAsReadAsync(gone, cancellationToken))
                LogCleaned(NamespacedName.Of(gone).ToString(), gone.Status?.FinishedAt);
        }

        return new(entity, true, cleaning.LookAgainAfter);
    }

    private void Wake(RecoveryJob job)
    {
        var subject = NamespacedName.Of(job) with { Name = job.Spec.SubjectRef.Name };
        if (job.Spec.SubjectRef.Kind == JobSubjectKind.RecoveryPlan)
            plans.Enqueue(subject);
        else
            machines.Enqueue(subject);
    }

    [LoggerMessage(1, LogLevel.Information, "Job {recoveryJob}, which ended at {finishedAt}, is cleaned up")]
    private partial void LogCleaned(string recoveryJob, DateTimeOffset? finishedAt);
}
