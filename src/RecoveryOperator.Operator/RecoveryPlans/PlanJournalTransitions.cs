using System.Text.Json;
using RecoveryOperator.Operator.RecoveryPlans.TestFailovers;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>What is written into a plan's own journal. Pure: the caller writes by compare-and-set.</summary>
internal static class PlanJournalTransitions
{
    /// <summary>
    /// Accepts a request for the VMs that the plan has now: a VM that joins the plan later is not drawn into the operation. A cleanup is also for those that a test was
    /// accepted for and that have left the plan. An operation that gives way to it ends with the same write.
    /// </summary>
    public static PlanJournalDocument Accept(
        PlanJournalDocument journal, OperationRequest request, IEnumerable<PlanMemberView> members, DateTimeOffset now)
    {
        var subjects = members.Select(m => (m.Group, m.Name));
        if (request.Type == OperationType.CleanupTestFailover)
            subjects = subjects.Concat(TestPlace.MembersOf(journal)).DistinctBy(m => m.Name);
        var cleared = Running(journal) is { } running ? GiveWay(journal, running.Operation, request, now) : journal;
        return Add(cleared, request, OperationState.Accepted, null, [.. subjects.Select(m => PlanSteps.Pending(m.Group, m.Name))], now);
    }

    public static PlanJournalDocument Refuse(PlanJournalDocument journal, OperationRequest request, string message, DateTimeOffset now) =>
        Add(journal, request, OperationState.Refused, new PlanResult(null, null, message), [], now);

    /// <summary>Ends an operation, with what came of each VM.</summary>
    public static PlanJournalDocument End(PlanJournalDocument journal, string id, IReadOnlyList<MemberRun> runs, PlanResult result, DateTimeOffset now)
    {
        var state = runs.Any(r => r.Outcome.Progress == StepProgress.Failed) ? OperationState.Failed : OperationState.Succeeded;
        return journal with
        {
            Operations =
            [
                .. journal.Operations.Select(o => o.Operation.Id != id ? o : o with
                {
                    Operation = o.Operation with { State = state.ToString(), FinishedAt = now, Result = ToJson(result) },
                    Steps = [.. o.Steps.Select(s => PlanSteps.End(s, runs, o.Operation.StartedAt, now))],
                }),
            ],
        };
    }

    /// <summary>Somebody canceled a test failover: from here on it is undone, whatever becomes of the request.</summary>
    public static PlanJournalDocument RequestCancel(PlanJournalDocument journal, string id, string cancelId) => journal with
    {
        Operations = [.. journal.Operations.Select(o => o.Operation.Id == id ? o with { CanceledBy = cancelId } : o)],
    };

    /// <summary>Ends an operation that somebody canceled; no machine's journal can be fenced by it any more.</summary>
    public static PlanJournalDocument Cancel(PlanJournalDocument journal, string id, string message, DateTimeOffset now) => journal with
    {
        Operations =
        [
            .. journal.Operations.Select(o => o.Operation.Id != id ? o : o with
            {
                Operation = o.Operation with { State = nameof(OperationState.Canceled), FinishedAt = now, Result = ToJson(new PlanResult(null, null, message)) },
                Steps = [.. o.Steps.Select(s => s with { State = "Skipped", FinishedAt = now })],
            }),
        ],
    };

    /// <summary>The operation that runs; null when none does.</summary>
    public static PlanOperationRecord? Running(PlanJournalDocument journal) =>
        journal.Operations.FirstOrDefault(o => o.Operation.State == nameof(OperationState.Accepted));

    /// <summary>The request behind a recorded operation: what goes on does so from the journal, whatever the spec says by then.</summary>
    public static OperationRequest RequestOf(PlanOperationRecord record) => new(
        record.Operation.Id, Enum.Parse<OperationType>(record.Operation.Type), record.RecoveryPoint ?? PointChoice.Latest)
    { Notes = record.Notes };

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
        PlanJournalDocument journal, OperationRequest request, OperationState state, PlanResult? result, IReadOnlyList<PlanStepRecord> steps, DateTimeOffset now)
    {
        DateTimeOffset? finished = state == OperationState.Accepted ? null : now;
        JsonElement? json = result is null ? null : ToJson(result);
        var record = new OperationRecord(request.Id, request.Digest, request.Type.ToString(), state.ToString(), now, finished, json);
        return journal with { Operations = [.. journal.Operations, new PlanOperationRecord(record, steps, request.RecoveryPoint, request.Notes)] };
    }

    private static PlanJournalDocument GiveWay(PlanJournalDocument journal, OperationRecord running, OperationRequest request, DateTimeOffset now)
    {
        var result = new PlanResult(null, null, $"Gave way to {request.Type} '{request.Id}'. Ask for CleanupTestFailover when that has ended: test machines may run.");
        return journal with
        {
            Operations =
            [
                .. journal.Operations.Select(o => o.Operation.Id != running.Id ? o : o with
                {
                    Operation = o.Operation with { State = nameof(OperationState.Failed), FinishedAt = now, Result = ToJson(result) },
                    Steps = [.. o.Steps.Select(s => s with { State = "Skipped", FinishedAt = now })],
                }),
            ],
        };
    }

    private static JsonElement ToJson(PlanResult result) => JsonSerializer.SerializeToElement(result, JsonSerializerOptions.Web);
}

/// <summary>What came of a plan's operation; stands in its journal.</summary>
/// <param name="RpoSeconds">The greatest of its VMs, in seconds.</param>
/// <param name="RtoSeconds">Acceptance to the last start, in seconds.</param>
/// <param name="Message">What a person should know.</param>
internal sealed record PlanResult(double? RpoSeconds, double? RtoSeconds, string? Message);
