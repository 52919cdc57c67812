using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Replication.Protection;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.Jobs.Plans;

/// <summary>How a plan's operation stands, from the journals. Pure.</summary>
internal static class PlanJobPicture
{
    public static JobPicture Of(PlanSituation situation, PlanOperationRecord record)
    {
        var operation = record.Operation;
        var steps = PlanJobSteps.Of(situation, record);
        var result = PlanJournalTransitions.ResultOf(operation);
        var blocked = operation.FinishedAt is null ? Blocked(situation) : null;
        return new(
            situation.IsCanceling && operation.FinishedAt is null ? RecoveryJobState.Canceling : StateOf(record, steps),
            steps,
            result?.Message ?? blocked?.Message ?? (situation.IsCanceling ? Canceling(operation) : "Runs."),
            PlanCancelability.Of(situation, record))
        {
            StartedAt = operation.StartedAt,
            FinishedAt = operation.FinishedAt,
            Percent = PlanJobSteps.Percent(steps),
            RpoSeconds = Rounded(result?.RpoSeconds),
            RtoSeconds = Rounded(result?.RtoSeconds),
            Stalled = blocked,
        };
    }

    private static RecoveryJobState StateOf(PlanOperationRecord record, IReadOnlyList<StepPicture> steps) => record.Operation.State switch
    {
        nameof(OperationState.Accepted) => steps.All(s => s.State == JobStepState.Pending) ? RecoveryJobState.Pending : RecoveryJobState.Running,
        nameof(OperationState.Succeeded) => RecoveryJobState.Succeeded,
        nameof(OperationState.Canceled) => RecoveryJobState.Canceled,
        _ => RecoveryJobState.Failed,
    };

    private static string Canceling(OperationRecord operation) => operation.Type == nameof(OperationType.TestFailover)
        ? "It is being canceled: its machines are removed."
        : "It is being canceled: nothing is fenced any more.";

    private static Obstacle? Blocked(PlanSituation situation)
    {
        if (situation.Blocked is { } blocked)
            return new("OperationBlocked", blocked);
        return situation.Problem is { } problem ? new(situation.IsCanceling ? PlanConditions.CancelWaits : "VaultFailed", problem) : null;
    }

    private static long? Rounded(double? seconds) => seconds is { } value ? (long)Math.Ceiling(value) : null;
}
