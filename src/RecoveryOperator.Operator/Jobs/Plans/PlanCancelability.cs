using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.Jobs.Plans;

/// <summary>Whether a plan's operation can be canceled now, with the words that say so. Pure.</summary>
internal static class PlanCancelability
{
    public static Cancelability Of(PlanSituation situation, PlanOperationRecord record)
    {
        var (type, id) = (record.Operation.Type, record.Operation.Id);
        return type == nameof(OperationType.Commit)
            ? new(false, "NotCancelable", $"Commit '{id}' cannot be canceled: it ends the choice of recovery point of each machine at once, and nothing of it can be taken back.")
            : new(false, "NotCancelable", $"{type} '{id}' cannot be canceled: let it finish.");
    }
}
