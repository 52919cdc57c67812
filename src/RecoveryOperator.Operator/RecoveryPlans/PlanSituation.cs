using RecoveryOperator.Api.Plans;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>Everything that a plan's status is made from.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Members">Its VMs.</param>
internal sealed record PlanSituation(RecoveryPlan Plan, IReadOnlyList<PlanMemberView> Members)
{
    /// <summary>Its journal; null when it cannot be read.</summary>
    public PlanJournalDocument? Journal { get; init; }

    /// <summary>What became of the request; null when there is none.</summary>
    public OperationDecision? Verdict { get; init; }

    /// <summary>How the VMs' steps stand, by name, while an operation runs.</summary>
    public IReadOnlyDictionary<string, StepOutcome> Outcomes { get; init; } = new Dictionary<string, StepOutcome>();

    /// <summary>Why the plan cannot be worked on; null when it can.</summary>
    public string? Problem { get; init; }
}
