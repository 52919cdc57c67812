using System.Text.Json;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>Whose operation something in a machine's journal is. Ids are a plan's own, and a machine may be in several plans.</summary>
/// <param name="Plan">Name of the RecoveryPlan, in the machine's namespace.</param>
/// <param name="Id">The user's id.</param>
/// <param name="Digest">Digest of the request.</param>
internal sealed record OperationKey(string Plan, string Id, string Digest)
{
    public static OperationKey Of(RecoveryPlan plan, OperationRequest request) => new(plan.Metadata.Name, request.Id, request.Digest);

    public static OperationKey Of(RecoveryPlan plan, OperationRecord operation) => new(plan.Metadata.Name, operation.Id, operation.Digest);

    /// <summary>It is this operation. A record of an earlier version, which names no plan, is by its id and digest.</summary>
    public bool Is(OperationRecord record) => record.Id == Id && record.Digest == Digest && (PlanOf(record) ?? Plan) == Plan;

    /// <summary>It was made by this operation, as far as its own record tells: the digest stands in the operation's.</summary>
    public bool Made(FailoverRecord failover) => failover.OperationId == Id && (failover.Plan ?? Plan) == Plan;

    /// <summary>An earlier version named the plan of a canceled operation in its result: no other plan's operation was canceled with it.</summary>
    private static string? PlanOf(OperationRecord record) => record switch
    {
        { Plan: { } plan } => plan,
        { State: nameof(OperationState.Canceled), Result: { ValueKind: JsonValueKind.Object } result }
            when result.TryGetProperty("plan", out var told) && told.ValueKind == JsonValueKind.String => told.GetString(),
        _ => null,
    };
}
