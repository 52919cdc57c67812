using System.Text.Json;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>Reads what came of a VM's failover.</summary>
internal static class MemberResults
{
    public static MemberResult? Of(PlanMemberView member, string operationId) =>
        member.Journal?.Value.Operations.FirstOrDefault(o => o.Id == operationId)?.Result?.Deserialize<MemberResult>(JsonSerializerOptions.Web);
}
