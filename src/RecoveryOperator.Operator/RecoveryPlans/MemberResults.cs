using System.Text.Json;
using RecoveryOperator.Replication.Plans;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>Reads what came of a VM's failover.</summary>
internal static class MemberResults
{
    /// <summary>Null when that operation has not started it.</summary>
    public static MemberResult? Of(PlanMemberView member, OperationKey operation) =>
        member.Journal?.Value.Operations.LastOrDefault(o => operation.Is(o) && o.State == nameof(OperationState.Succeeded))?.Result?.Deserialize<MemberResult>(JsonSerializerOptions.Web);
}
