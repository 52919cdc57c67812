using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.Jobs.Plans;

/// <summary>What users ask of an operation in its job.</summary>
/// <param name="CancelId">Id of a cancel; null when none is asked for.</param>
/// <param name="RetryToken">The newest wish to try at once what waits; null when there is none.</param>
internal sealed record PlanWish(string? CancelId, string? RetryToken)
{
    /// <summary>Nothing is asked.</summary>
    public static PlanWish None { get; } = new(null, null);

    /// <summary>The job could not be made, so nobody could ask for anything.</summary>
    public bool IsWithoutJob { get; init; }

    /// <summary>Why it is not known what users ask, and what to do; null when it is known. Nothing is done meanwhile that a cancel would come too late for.</summary>
    public string? Obstacle { get; init; }
}

/// <summary>The jobs of plans' operations. No call fails for a job's sake.</summary>
internal interface IPlanJobs
{
    /// <summary>The operation is accepted and its next step is about to run: its job is there from now on.</summary>
    /// <returns>What users ask of it.</returns>
    Task<PlanWish> BeginAsync(RecoveryPlan plan, PlanOperationRecord operation, CancellationToken cancellationToken);

    /// <summary>Shows every operation whose job has not ended.</summary>
    /// <returns>False when something could not be written and is to be shown again.</returns>
    Task<bool> ShowAsync(PlanSituation situation, CancellationToken cancellationToken);
}
