using k8s.Models;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>
/// A plan's conditions: <c>Ready</c> (it could be executed, or was, and nothing hangs), <c>Reconciling</c> (an operation runs), <c>Stalled</c> (somebody
/// must act). Pure.
/// </summary>
internal static class PlanConditions
{
    /// <summary>Reason while a cancel cannot go on: a machine's journal cannot be read or written.</summary>
    public const string CancelWaits = "CancelWaits";

    private const string Canceling = "Canceling";

    public static IReadOnlyList<V1Condition> Build(PlanSituation situation, PlanPhase phase, OperationRecord? running, DateTimeOffset now)
    {
        var list = situation.Plan.Status?.Conditions.ToList() ?? [];
        var blocked = situation.Blocked;
        foreach (var (type, status, reason, message) in new[]
        {
            Ready(situation, phase, blocked),
            Reconciling(situation, running, blocked),
            Stalled(situation, blocked),
        })
        {
            var condition = new V1Condition
            {
                Type = type,
                Status = status,
                Reason = reason,
                Message = message.Cut(PlanStatusBuilder.LongestMessage),
                ObservedGeneration = situation.Plan.Metadata.Generation,
            };
            Conditions.Set(list, condition, now);
        }

        return list;
    }

    private static (string Type, string Status, string Reason, string Message) Ready(PlanSituation situation, PlanPhase phase, string? blocked)
    {
        var problems = string.Join(" ", situation.Members.Select(m => m.Problem).Prepend(situation.Problem).OfType<string>());
        return phase switch
        {
            PlanPhase.Unknown => (ConditionTypes.Ready, "Unknown", "VaultUnknown", problems.Length > 0 ? problems : "The vault has not answered yet."),
            PlanPhase.Running when situation.IsCanceling => (ConditionTypes.Ready, "False", Canceling, "An operation is being canceled."),
            PlanPhase.Running => (ConditionTypes.Ready, "False", "OperationRunning", blocked ?? "An operation runs."),
            PlanPhase.NotReady => (ConditionTypes.Ready, "False", "NotRecoverable", problems.Length > 0 ? problems : Mixed(situation)),
            PlanPhase.Failed => (ConditionTypes.Ready, "False", "OperationFailed", "The last operation did not succeed for every virtual machine: see its message."),
            PlanPhase.Ready => (ConditionTypes.Ready, "True", "Recoverable", "Every virtual machine has a recovery point."),
            _ => (ConditionTypes.Ready, "True", phase.ToString(), "Every virtual machine runs at the target."),
        };
    }

    private static string Mixed(PlanSituation situation) => situation.Members.Count == 0
        ? "The plan has no virtual machine: name some in spec.groups."
        : $"The virtual machines are not in one state: {string.Join(", ", situation.Members.Select(m => $"{m.Name} is {m.State}"))}.";

    private static (string Type, string Status, string Reason, string Message) Reconciling(PlanSituation situation, OperationRecord? running, string? blocked)
    {
        if (running is null)
            return (ConditionTypes.Reconciling, "False", "Idle", "No operation runs.");
        return situation.IsCanceling
            ? (ConditionTypes.Reconciling, "True", Canceling, $"{running.Type} '{running.Id}' is being canceled: {(running.Type == nameof(OperationType.TestFailover) ? "its machines are removed" : "nothing is fenced any more")}.")
            : (ConditionTypes.Reconciling, "True", running.Type, blocked ?? $"{running.Type} '{running.Id}' runs.");
    }

    private static (string Type, string Status, string Reason, string Message) Stalled(PlanSituation situation, string? blocked)
    {
        if (blocked is not null)
            return (ConditionTypes.Stalled, "True", "OperationBlocked", blocked);
        if (situation.Problem is { } problem)
            return (ConditionTypes.Stalled, "True", situation.IsCanceling ? CancelWaits : "VaultFailed", problem);
        return situation.Verdict switch
        {
            { Verdict: OperationVerdict.IdReused } reused => (ConditionTypes.Stalled, "True", "OperationIdReused", reused.Message),
            { Verdict: OperationVerdict.Refuse } refused => (ConditionTypes.Stalled, "True", "OperationRefused", refused.Message),
            _ when RefusedNow(situation) is { } message => (ConditionTypes.Stalled, "True", "OperationRefused", message),
            _ => (ConditionTypes.Stalled, "False", "NothingBlocks", "Nothing waits for a person."),
        };
    }

    /// <summary>The request that still stands in the spec was refused when it was first seen.</summary>
    private static string? RefusedNow(PlanSituation situation) =>
        situation.Journal?.Operations.FirstOrDefault(o =>
            o.Operation.Id == situation.Plan.Spec.Operation?.Id && o.Operation.State == nameof(OperationState.Refused)) is { } refused
            ? PlanJournalTransitions.ResultOf(refused.Operation)?.Message
            : null;
}
