using k8s.Models;

namespace RecoveryOperator.Kubernetes.Status;

/// <summary>Keeps a list of conditions the way the API conventions ask.</summary>
public static class Conditions
{
    /// <summary>
    /// Sets a condition, in place or at the end. Its lastTransitionTime changes only with its status, and is kept in whole seconds.
    /// An empty message becomes the reason: a condition needs one, and an empty text is left out of an applied status.
    /// </summary>
    /// <param name="conditions">The list to change.</param>
    /// <param name="condition">Type, status, reason, message and observedGeneration; its lastTransitionTime is ignored.</param>
    /// <param name="now">The time of a transition.</param>
    /// <returns>Whether anything a reader would notice changed.</returns>
    public static bool Set(IList<V1Condition> conditions, V1Condition condition, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(conditions);
        ArgumentNullException.ThrowIfNull(condition);
        var before = Find(conditions, condition.Type);
        var after = new V1Condition
        {
            Type = condition.Type,
            Status = condition.Status,
            Reason = condition.Reason,
            Message = string.IsNullOrEmpty(condition.Message) ? condition.Reason : condition.Message,
            ObservedGeneration = condition.ObservedGeneration,
            LastTransitionTime = before?.Status == condition.Status ? before.LastTransitionTime : now.WholeSeconds().UtcDateTime,
        };
        if (before is null)
        {
            conditions.Add(after);
            return true;
        }

        conditions[conditions.IndexOf(before)] = after;
        return before.Status != after.Status || before.Reason != after.Reason || before.Message != after.Message
            || before.ObservedGeneration != after.ObservedGeneration;
    }

    /// <summary>The condition of a type, or null.</summary>
    public static V1Condition? Find(IEnumerable<V1Condition>? conditions, string type) =>
        conditions?.FirstOrDefault(c => c.Type == type);

    /// <summary>Whether the condition of a type is there and <c>True</c>.</summary>
    public static bool IsTrue(IEnumerable<V1Condition>? conditions, string type) => Find(conditions, type)?.Status == "True";
}
