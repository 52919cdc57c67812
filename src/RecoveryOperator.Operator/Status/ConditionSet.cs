using k8s.Models;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Status;

/// <summary>Builds a status' conditions from the ones before.</summary>
internal static class ConditionSet
{
    private const int MaxMessageLength = 4096;

    /// <summary>The conditions to write: exactly the given types, in their order; a transition time moves only when the condition's status does.</summary>
    public static IReadOnlyList<V1Condition> Build(
        IReadOnlyList<V1Condition>? before, IReadOnlyList<ConditionFact> wanted, long? generation, DateTimeOffset now)
    {
        var conditions = (before ?? []).Where(c => wanted.Any(w => w.Type == c.Type)).ToList();
        foreach (var fact in wanted)
        {
            Conditions.Set(
                conditions,
                new V1Condition
                {
                    Type = fact.Type,
                    Status = fact.Status switch { true => "True", false => "False", null => "Unknown" },
                    Reason = fact.Reason,
                    Message = fact.Message.Cut(MaxMessageLength),
                    ObservedGeneration = generation,
                },
                now);
        }

        return [.. wanted.Select(fact => conditions.First(c => c.Type == fact.Type))];
    }
}
