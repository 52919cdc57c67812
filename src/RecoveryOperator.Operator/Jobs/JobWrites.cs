using System.Collections.Concurrent;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.Options;

namespace RecoveryOperator.Operator.Jobs;

/// <summary>
/// What was written of each job and when: a copy may lag behind it, and what only moves is written at a pace. Losing it costs one write for each job.
/// </summary>
internal sealed class JobWrites(JobOptions options, TimeProvider time)
{
    private static readonly TimeSpan WithinAPercent = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<string, Written> _written = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _clearSince = new();

    /// <summary>The job's newest status: what was written, as long as the copy has not seen it.</summary>
    public RecoveryJobStatus? Newest(RecoveryJob job) =>
        _written.TryGetValue(job.Metadata.Uid, out var written) && written.ReadVersion == job.Metadata.ResourceVersion ? written.Status : job.Status;

    /// <summary>Whether a status is to be written now.</summary>
    public bool IsDue(RecoveryJob job, RecoveryJobStatus? before, RecoveryJobStatus after)
    {
        if (before is null || !Edges(before).SequenceEqual(Edges(after)))
            return true;
        var age = _written.TryGetValue(job.Metadata.Uid, out var written) ? time.GetUtcNow() - written.At : TimeSpan.MaxValue;
        return age >= WithinAPercent || age >= options.ProgressInterval && (before.Percent != after.Percent || !Texts(before).SequenceEqual(Texts(after)));
    }

    /// <summary>
    /// What is stalled is tried again now and then, and looks well while that lasts. As long as no step has moved on, it is called well only when it has
    /// stayed so for a while: a job does not flap.
    /// </summary>
    public bool HoldsStall(RecoveryJob job, RecoveryJobStatus? before, RecoveryJobStatus after)
    {
        var held = IsStalled(before) && !IsStalled(after) && before!.State == after.State && States(before).SequenceEqual(States(after));
        if (held)
            return time.GetUtcNow() - _clearSince.GetOrAdd(job.Metadata.Uid, time.GetUtcNow()) < options.ProgressInterval;
        _clearSince.TryRemove(job.Metadata.Uid, out _);
        return false;
    }

    /// <summary>A status was written.</summary>
    public void Remember(RecoveryJob job, RecoveryJobStatus status) =>
        _written[job.Metadata.Uid] = new(job.Metadata.ResourceVersion, status, time.GetUtcNow());

    /// <summary>The job is gone.</summary>
    public void Forget(RecoveryJob job)
    {
        _written.TryRemove(job.Metadata.Uid, out _);
        _clearSince.TryRemove(job.Metadata.Uid, out _);
    }

    private static bool IsStalled(RecoveryJobStatus? status) => Conditions.Find(status?.Conditions, ConditionTypes.Stalled)?.Status == "True";

    private static IEnumerable<(string, JobStepState)> States(RecoveryJobStatus status) => status.Steps.Select(s => (s.Name, s.State));

    private static IEnumerable<object?> Edges(RecoveryJobStatus status) =>
    [
        status.State, status.CurrentStep, status.ObservedGeneration, status.RpoSeconds, status.RtoSeconds,
        .. States(status).Select(s => (object?)s),
        .. status.Conditions.Select(c => (object?)(c.Type, c.Status, c.Reason)),
    ];

    private static IEnumerable<string?> Texts(RecoveryJobStatus status) =>
        [status.Message, .. status.Steps.Select(s => s.Message), .. status.Conditions.Select(c => c.Message)];

    private sealed record Written(string ReadVersion, RecoveryJobStatus Status, DateTimeOffset At);
}
