using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Kubernetes.Events;
using RecoveryOperator.Kubernetes.Status;

namespace RecoveryOperator.Operator.Jobs;

/// <summary>What a person is told of the way from one status to the next. Pure; from statuses alone. A crash between a status and its event loses the event; the status stays.</summary>
internal static class JobEvents
{
    /// <summary>Reason of a condition and an event: a cancel was asked for that is not possible.</summary>
    public const string CancelRefused = "CancelRefused";

    public static IEnumerable<JobNews> Between(RecoveryJob job, RecoveryJobStatus? before, RecoveryJobStatus after)
    {
        if (before?.State != after.State && after.State is { } state and not RecoveryJobState.Pending)
        {
            var bad = state == RecoveryJobState.Failed;
            yield return new(bad ? EventType.Warning : EventType.Normal, $"Job{state}", $"{job.Spec.Type} '{job.Spec.OperationId}' of {job.Spec.SubjectRef.Name}: {after.Message}");
        }

        if (after.State.HasEnded())
            yield break;
        if (News(before, after, ConditionTypes.Stalled, c => c.Status == "True") is { } stalled)
            yield return stalled;
        if (News(before, after, ConditionTypes.Cancelable, c => c.Reason == CancelRefused) is { } refused)
            yield return refused;
    }

    private static JobNews? News(RecoveryJobStatus? before, RecoveryJobStatus after, string type, Func<k8s.Models.V1Condition, bool> holds) =>
        Conditions.Find(after.Conditions, type) is { } now && holds(now) && !(Conditions.Find(before?.Conditions, type) is { } old && holds(old) && old.Reason == now.Reason)
            ? new(EventType.Warning, now.Reason, now.Message)
            : null;
}

/// <summary>An event to be published.</summary>
/// <param name="Type">Normal or warning.</param>
/// <param name="Reason">One word in CamelCase.</param>
/// <param name="Message">What happened, and for a warning what to do.</param>
internal sealed record JobNews(EventType Type, string Reason, string Message);
