using RecoveryOperator.Api.Plans;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.Jobs.Plans;

/// <summary>Is told of an operation before anything of it is done.</summary>
internal interface IPlanJobs
{
    /// <summary>The operation is accepted; its next step is about to run. Never fails for the job's sake.</summary>
    Task BeginAsync(RecoveryPlan plan, PlanOperationRecord operation, CancellationToken cancellationToken);
}
