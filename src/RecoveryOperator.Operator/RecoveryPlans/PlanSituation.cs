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

    /// <summary>Vault that holds the journal; null when it cannot be read.</summary>
    public string? JournalVault { get; init; }

    /// <summary>What became of the request; null when there is none.</summary>
    public OperationDecision? Verdict { get; init; }

    /// <summary>How the VMs' steps stand, by name, while an operation runs.</summary>
    public IReadOnlyDictionary<string, StepOutcome> Outcomes { get; init; } = new Dictionary<string, StepOutcome>();

    /// <summary>The machines of the operation that runs, as its steps left them in this visit; empty when none was looked at.</summary>
    public IReadOnlyList<MemberRun> Runs { get; init; } = [];

    /// <summary>Id of the operation whose job could not be made in this visit; null when there is none.</summary>
    public string? WithoutJob { get; init; }

    /// <summary>A cancel was accepted and is being written.</summary>
    public bool IsCanceling { get; init; }

    /// <summary>Why the plan cannot be worked on; null when it can.</summary>
    public string? Problem { get; init; }

    /// <summary>When to look again at the latest; null: when something changes.</summary>
    public TimeSpan? LookAgainAfter { get; init; }

    /// <summary>What stands in the way of the operation that runs; null when nothing does.</summary>
    public string? Blocked => Outcomes.Values.Where(o => o.Progress == StepProgress.Blocked).Select(o => o.Message).Distinct().ToList() is { Count: > 0 } messages
        ? string.Join(" ", messages)
        : null;

    /// <summary>The same, to be looked at again after this time or sooner.</summary>
    public PlanSituation Within(TimeSpan time) => this with { LookAgainAfter = LookAgainAfter is { } sooner && sooner < time ? sooner : time };
}
