using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>One VM of a plan as the vault shows it now.</summary>
/// <param name="Name">Name of the ProtectedVM.</param>
/// <param name="Group">Index of its group.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Problem">What keeps it from being known or recovered, and what to do; null when nothing does.</param>
internal sealed record PlanMemberView(string Name, int Group, PlanMemberState State, string? Problem)
{
    /// <summary>The resource; null when it does not exist.</summary>
    public ProtectedVM? Resource { get; init; }

    /// <summary>Its vault; null when it could not be opened.</summary>
    public ProtectionVault? Vault { get; init; }

    /// <summary>Name of the RecoveryVault.</summary>
    public NamespacedName? VaultName { get; init; }

    /// <summary>Its journal; null when there is none.</summary>
    public Versioned<JournalDocument>? Journal { get; init; }

    /// <summary>How far its replica is; null when nothing was applied yet.</summary>
    public AppliedDocument? Applied { get; init; }

    /// <summary>The failover that its journal holds.</summary>
    public FailoverRecord? Failover => Journal?.Value.Failover;

    /// <summary>
    /// What its journal says about one failover. An operation of the same id of another plan, or with another digest, is another one: it counts as not begun.
    /// </summary>
    public FailoverFacts FactsOf(OperationKey operation)
    {
        if (Failover is not { } failover || !operation.Made(failover) || !Journal!.Value.Operations.Any(o => operation.Is(o) && o.State != nameof(OperationState.Canceled)))
            return new FailoverFacts(false, false, false, false, false);
        var journal = Journal.Value;
        return new FailoverFacts(
            Fenced: true,
            SealRecorded: journal.Epochs.Any(e => e.Epoch == journal.Epoch - 1 && e.SealedAtSequence is not null),
            PointChosen: failover.Point is not null,
            MachineCreated: failover.MachineId is not null,
            Started: HasStarted);
    }

    /// <summary>It runs at the target, by whichever operation.</summary>
    public bool IsRecovered => State is PlanMemberState.FailedOver or PlanMemberState.Committed;

    /// <summary>Whether the operation that made its failover has started its machine.</summary>
    public bool HasStarted => Failover is { } failover
        && Journal!.Value.Operations.Any(o => JournalTransitions.IsOfFailover(o, failover) && o.State == nameof(OperationState.Succeeded));

    /// <summary>The member as the guard of a plan sees it.</summary>
    public PlanMember ToMember(string plan)
    {
        var tests = Journal?.Value.Tests ?? [];
        return new(Name, State, tests.Any(t => t.Plan == plan), tests.Count(t => t.Plan != plan));
    }
}
