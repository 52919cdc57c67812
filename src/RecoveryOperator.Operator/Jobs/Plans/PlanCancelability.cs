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
        if (type == nameof(OperationType.TestFailover))
            return new(true, "TestCanBeUndone", "A cancel removes the test machines that were made so far, and ends the operation.");
        if (type == nameof(OperationType.CleanupTestFailover))
            return new(false, "NotCancelable", $"{type} '{id}' cannot be canceled: let it finish, and ask for another test.");
        if (type != nameof(OperationType.UnplannedFailover))
            return new(false, "NotCancelable", $"{type} '{id}' cannot be canceled: it ends the choice of recovery point of each machine at once, and nothing of it can be taken back.");
        var members = situation.Runs.Select(r => r.Member).Concat(situation.Members);
        return PlanCancel.Fenced(members, OperationKey.Of(situation.Plan, record.Operation)) is { } fenced
            ? new(false, "SourceFenced", $"{type} '{id}' cannot be canceled any more: the source of {fenced.Name} is fenced, and only its replica may run. Let it finish.")
            : new(true, "NothingFenced", "This operation is not known to have fenced a source: a cancel ends it, and leaves all machines where they are.");
    }
}
