using RecoveryOperator.Api.Common;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.Jobs.Protections;

/// <summary>What keeps a protection from going on before somebody acts.</summary>
internal static class ProtectionStall
{
    public static Obstacle? Of(ProtectionDecision decision) =>
        decision.Conditions.FirstOrDefault(c => c is { Type: ConditionTypes.Stalled, Status: true }) is { } stalled ? new(stalled.Reason, stalled.Message) : null;
}
