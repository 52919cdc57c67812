using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Options;

namespace RecoveryOperator.Operator.Jobs;

/// <summary>Makes jobs and shows how their operations stand (docs/jobs.md). What cannot be written is logged: no operation waits for its job.</summary>
internal sealed partial class JobMirror(
    IJobStore store, JobWrites writes, IEventRecorder events, JobOptions options, TimeProvider time, ILogger<JobMirror> logger)
{
    /// <summary>An API server that does not answer holds nothing up for longer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>A subject's jobs that have not ended. One that is made by hand is none: its wishes would reach a machine or a plan that nobody asked about.</summary>
    public IReadOnlyList<RecoveryJob> Open(JobSubjectKind kind, NamespacedName subject) => [.. store.Of(kind, subject).Where(j => j.IsMadeByOperator() && !writes.Newest(j).HasEnded())];

    /// <summary>Whether there is a copy that shows what users ask.</summary>
    public bool IsListed => store.IsListed;

    /// <summary>Where there is no copy: the job of an operation from the API server, or why it is not known what users ask in it. Neither: there is no job.</summary>
    public async Task<(RecoveryJob? Job, string? Obstacle)> ReadAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return (await store.ReadAsync(key, linked.Token) is { } job && job.IsMadeByOperator() ? job : null, null);
        }
        catch (Exception error) when (IsOfTheApi(error, cancellationToken))
        {
            LogNotRead(key.ToString(), error);
            return (null, $"Jobs cannot be listed and RecoveryJob {key} cannot be read, so a cancel in it would not be seen; no source is fenced until then. Let the operator get, list and watch recoveryjobs. {error.Message}");
        }
    }

    /// <summary>The job of an operation; it is made if it is missing. Null when that was not possible (there may be no such kind, which its informer has said), or one that is made by hand has its name.</summary>
    public async Task<RecoveryJob?> EnsureAsync(JobIdentity identity, CancellationToken cancellationToken)
    {
        if (store.Find(identity.Key) is { } known)
            return known.IsMadeByOperator() ? known : null;
        if (!store.IsListed)
            return null;
        using var limit = new CancellationTokenSource(Patience, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var job = await store.CreateAsync(identity.NewJob(options.TimeToLive), linked.Token);
            LogMade(identity.Key.ToString(), identity.Type, identity.OperationId);
            return job;
        }
        catch (Exception error) when (IsOfTheApi(error, cancellationToken))
        {
            LogNotMade(identity.Key.ToString(), error);
            return null;
        }
    }

    /// <summary>Shows how the operation stands now, unless the job has ended.</summary>
    /// <returns>False when it could not be written and is to be shown again.</returns>
    public async Task<bool> ShowAsync(RecoveryJob job, JobPicture picture, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await ShowOrReadAgainAsync(job, picture, linked.Token);
            return true;
        }
        catch (Exception error) when (IsOfTheApi(error, cancellationToken))
        {
            LogNotShown(NamespacedName.Of(job).ToString(), error);
            return false;
        }
    }

    /// <summary>A write is of what was read: a leader that was replaced, and does not know it yet, must not take back an end. Who finds another's write reads it, and decides anew.</summary>
    private async Task ShowOrReadAgainAsync(RecoveryJob job, JobPicture picture, CancellationToken cancellationToken)
    {
        try
        {
            await ShowAsReadAsync(job, picture, cancellationToken);
        }
        catch (ResourceRequestException error) when (error.IsConflict)
        {
            LogReadAgain(NamespacedName.Of(job).ToString(), error.Message);
            if (await store.ReadAsync(NamespacedName.Of(job), cancellationToken) is { } standing && standing.Metadata.Uid == job.Metadata.Uid)
                await ShowAsReadAsync(standing, picture, cancellationToken);
        }
    }

    private async Task ShowAsReadAsync(RecoveryJob job, JobPicture picture, CancellationToken cancellationToken)
    {
        var before = writes.Newest(job);
        if (before.HasEnded())
            return;
        var next = JobStatusBuilder.Build(job, before, picture, time.GetUtcNow());
        if (writes.HoldsStall(job, before, next) || !writes.IsDue(job, before, next))
            return;
        await store.WriteAsync(job, next, cancellationToken);
        writes.Remember(job, next);
        foreach (var news in JobEvents.Between(job, before, next))
            events.Publish(job, news.Type, news.Reason, news.Message);
    }

    private static bool IsOfTheApi(Exception error, CancellationToken cancellationToken) =>
        error is ResourceRequestException || error is OperationCanceledException && !cancellationToken.IsCancellationRequested;

    [LoggerMessage(1, LogLevel.Information, "Job {recoveryJob} shows {type} {operation}")]
    private partial void LogMade(string recoveryJob, RecoveryJobType type, string operation);

    [LoggerMessage(2, LogLevel.Warning, "Job {recoveryJob} was not made; its operation goes on without")]
    private partial void LogNotMade(string recoveryJob, Exception exception);

    [LoggerMessage(5, LogLevel.Warning, "Job {recoveryJob} was not read, and jobs are not listed: its operation waits where it can still be canceled")]
    private partial void LogNotRead(string recoveryJob, Exception exception);

    [LoggerMessage(4, LogLevel.Debug, "Job {recoveryJob} was written by somebody else since it was read; it is read again: {reason}")]
    private partial void LogReadAgain(string recoveryJob, string reason);

    [LoggerMessage(3, LogLevel.Warning, "The status of job {recoveryJob} was not written; its operation goes on")]
    private partial void LogNotShown(string recoveryJob, Exception exception);
}
