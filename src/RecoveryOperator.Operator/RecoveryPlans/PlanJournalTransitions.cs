using System.Text.Json;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>What is written into a plan's own journal. Pure: the caller writes by compare-and-set.</summary>
internal static class PlanJournalTransitions
{
    public static PlanJournalDocument Accept(PlanJournalDocument journal, OperationRequest request, DateTimeOffset now) =>
        Add(journal, request, OperationState.Accepted, null, now);

    public static PlanJournalDocument Refuse(PlanJournalDocument journal, OperationRequest request, string message, DateTimeOffset now) =>
        Add(journal, request, OperationState.Refused, new PlanResult(null, null, message), now);

    public static PlanJournalDocument End(PlanJournalDocument journal, string id, OperationState state, PlanResult result, DateTimeOffset now) => journal with
    {
        Operations =
        [
            .. journal.Operations.Select(o => o.Operation.Id != id
                ? o
                : o with { Operation = o.Operation with { State = state.ToString(), FinishedAt = now, Result = ToJson(result) } }),
        ],
    };

    /// <summary>The journal's operations as the guard sees them.</summary>
    /// <exception cref="VaultException">A newer version wrote an operation that this one does not know: nothing may be decided beside it.</exception>
    public static IReadOnlyList<KnownOperation> Known(PlanJournalDocument journal) => [.. journal.Operations.Select(o => Known(journal, o.Operation))];

    public static PlanResult? ResultOf(OperationRecord operation) => operation.Result?.Deserialize<PlanResult>(JsonSerializerOptions.Web);

    private static KnownOperation Known(PlanJournalDocument journal, OperationRecord operation)
    {
        if (Enum.TryParse<OperationType>(operation.Type, out var type) && Enum.TryParse<OperationState>(operation.State, out var state))
            return new KnownOperation(operation.Id, operation.Digest, type, state);
        throw new VaultException(
            VaultFault.Unsupported,
            $"journal of plan {journal.Namespace}/{journal.Name}",
            $"Operation '{operation.Id}' ({operation.Type}, {operation.State}) was written by a newer version of the operator.",
            "Run the operator in the newest version that has worked on this vault.");
    }

    private static PlanJournalDocument Add(
        PlanJournalDocument journal, OperationRequest request, OperationState state, PlanResult? result, DateTimeOffset now)
    {
        DateTimeOffset? finished = state == OperationState.Accepted ? null : now;
        JsonElement? json = result is null ? null : ToJson(result);
        var record = new OperationRecord(request.Id, request.Digest, request.Type.ToString(), state.ToString(), now, finished, json);
        return journal with { Operations = [.. journal.Operations, new PlanOperationRecord(record, [])] };
    }

    private static JsonElement ToJson(PlanResult result) => JsonSerializer.SerializeToElement(result, JsonSerializerOptions.Web);
}

/// <summary>What came of a plan's operation; stands in its journal.</summary>
/// <param name="RpoSeconds">The greatest of its VMs, in seconds.</param>
/// <param name="RtoSeconds">Acceptance to the last start, in seconds.</param>
/// <param name="Message">What a person should know.</param>
internal sealed record PlanResult(double? RpoSeconds, double? RtoSeconds, string? Message);
