using k8s;
using k8s.Models;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Kubernetes.Events;

namespace RecoveryOperator.Operator.Status;

/// <summary>Tells as events what a person would want to see in <c>kubectl describe</c>: conditions that changed.</summary>
internal static class Transitions
{
    /// <summary>Publishes one event per condition whose status or reason changed; the first visit tells only what is wrong.</summary>
    /// <param name="events">Where to.</param>
    /// <param name="entity">The object.</param>
    /// <param name="before">Conditions as they were; null on the first visit.</param>
    /// <param name="after">Conditions now.</param>
    public static void Publish(
        IEventRecorder events, IKubernetesObject<V1ObjectMeta> entity, IReadOnlyList<V1Condition>? before, IReadOnlyList<V1Condition> after)
    {
        var told = new HashSet<(string, string)>();
        foreach (var now in after.Where(c => c.Type is not (ConditionTypes.Reconciling or ConditionTypes.Ready or ConditionTypes.Stalled)))
        {
            var old = before?.FirstOrDefault(c => c.Type == now.Type);
            if (old is not null && old.Status == now.Status && old.Reason == now.Reason)
                continue;
            var bad = now.Type == ConditionTypes.ResyncRequired ? "True" : "False";
            var good = now.Status != bad && now.Status != "Unknown";
            if (old is null && now.Status != bad || now.Status == "Unknown" && old?.Status != "True" || !told.Add((now.Reason, now.Message)))
                continue;
            events.Publish(entity, good || IsStage(now.Reason) ? EventType.Normal : EventType.Warning, now.Reason, now.Message);
        }
    }

    /// <summary>Not yet true is no fault while the work is under way, or when the user wanted it so.</summary>
    private static bool IsStage(string reason) =>
        reason is "NotStarted" or "NotPrepared" or "NoRecoveryPoint" or "Pending" or "Paused" or "FailingOver" or "FailedOver" or "NotConfirmed" or "NotChecked";
}
