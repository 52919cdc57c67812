using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Status;
using RecoveryOperator.Operator.Jobs.Plans;
using RecoveryOperator.Operator.RecoveryPlans.TestFailovers;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>Derives a plan's status from the journals. Pure.</summary>
internal static class PlanStatusBuilder
{
    private const int HistoryLength = 10;

    /// <summary>As the CRD says. A text that is cut is better than a status that is refused, and an operation that waits for it.</summary>
    internal const int LongestMessage = 4096;

    public static RecoveryPlanStatus Build(PlanSituation situation, DateTimeOffset now)
    {
        var records = situation.Journal?.Operations ?? [];
        var running = records.FirstOrDefault(o => o.Operation.State == nameof(OperationState.Accepted));
        var shown = running ?? (records is [.., var last] ? last : null);
        var phase = PhaseOf(situation, running?.Operation);
        return new RecoveryPlanStatus
        {
            ObservedGeneration = situation.Plan.Metadata.Generation,
            Phase = phase,
            JournalVaultRef = records.Count > 0 && situation.JournalVault is { } vault ? new LocalRef { Name = vault } : situation.Plan.Status?.JournalVaultRef,
            CurrentOperation = Current(situation, shown),
            Test = situation.Journal is { } journal && TestPlace.Standing(journal)?.Operation is { } test
                ? new() { Id = test.Id, State = StateOf(test), StartedAt = test.StartedAt.WholeSeconds() }
                : null,
            LastSuccessfulTest = situation.Journal is { } told && TestPlace.LastSuccess(told) is { } success
                ? new() { Id = success.Test.Operation.Id, FinishedAt = success.At.WholeSeconds() }
                : null,
            AllowedOperations = Allowed(situation),
            Groups = [.. situation.Plan.Spec.Groups.Select((g, i) => Group(situation, g, i, shown?.Operation))],
            History = [.. records.Select(o => o.Operation).Where(o => o.FinishedAt is not null).Reverse().Take(HistoryLength).Select(History)],
            Conditions = PlanConditions.Build(situation, phase, running?.Operation, now),
        };
    }

    private static PlanPhase PhaseOf(PlanSituation situation, OperationRecord? running)
    {
        if (situation.Journal is null || situation.Members.Any(m => m.State == PlanMemberState.Unknown))
            return PlanPhase.Unknown;
        if (running is not null || situation.Members.Any(m => m.State == PlanMemberState.FailingOver))
            return PlanPhase.Running;
        if (situation.Members.Count == 0)
            return PlanPhase.NotReady;
        if (situation.Members.All(m => m.State == PlanMemberState.Committed))
            return PlanPhase.Committed;
        if (situation.Members.All(m => m.State is PlanMemberState.FailedOver or PlanMemberState.Committed))
            return PlanPhase.FailedOver;
        if (situation.Journal.Operations.LastOrDefault(o => o.Operation.State != nameof(OperationState.Refused))?.Operation.State == nameof(OperationState.Failed))
            return PlanPhase.Failed;
        return situation.Members.All(m => m.State == PlanMemberState.Protected) ? PlanPhase.Ready : PlanPhase.NotReady;
    }

    private static IReadOnlyList<PlanOperationType> Allowed(PlanSituation situation) => situation.Journal is null
        ? []
        : [.. OperationGuard.Allowed(PlanJournalTransitions.Known(situation.Journal), [.. situation.Members.Select(m => m.ToMember(situation.Plan.Metadata.Name))])
            .Select(type => Enum.Parse<PlanOperationType>(type.ToString()))];

    private static PlanOperationStatus? Current(PlanSituation situation, PlanOperationRecord? record) => record?.Operation is not { } operation ? null : new()
    {
        Id = operation.Id,
        Type = Enum.Parse<PlanOperationType>(operation.Type),
        State = StateOf(operation),
        StartedAt = operation.StartedAt.WholeSeconds(),
        FinishedAt = operation.FinishedAt.WholeSeconds(),
        Percent = PlanJobSteps.Percent(PlanJobSteps.Of(situation, record)),
        Message = MessageOf(situation, operation).Cut(LongestMessage),
    };

    private static string? MessageOf(PlanSituation situation, OperationRecord operation)
    {
        if (operation.FinishedAt is not null)
            return PlanJournalTransitions.ResultOf(operation)?.Message;
        return situation.IsCanceling ? situation.Problem ?? "It is being canceled." : situation.Blocked ?? "Runs.";
    }

    private static PlanGroupStatus Group(PlanSituation situation, PlanGroup group, int index, OperationRecord? operation)
    {
        var machines = situation.Members.Where(m => m.Group == index).Select(m => Machine(situation, m, operation)).ToList();
        return new() { Name = group.Name, State = Together(machines), Vms = machines };
    }

    private static PlanMachineStatus Machine(PlanSituation situation, PlanMemberView member, OperationRecord? operation)
    {
        var outcome = situation.Outcomes.GetValueOrDefault(member.Name);
        if (member.Failover is null && TestTransitions.OfPlan(member.Journal?.Value, situation.Plan.Metadata.Name).FirstOrDefault() is { } test)
            return TestMachine(situation, member, test, outcome, operation);
        return new()
        {
            Name = member.Name,
            State = StateOf(member, outcome),
            Step = StepOf(situation, member, operation),
            Host = member.Failover?.Host,
            RecoveryPointTime = member.Failover?.Point?.Instant,
            Message = (outcome is { Progress: not StepProgress.Done } ? outcome.Message : member.Problem).Cut(LongestMessage),
        };
    }

    /// <summary>A machine of which a test runs.</summary>
    private static PlanMachineStatus TestMachine(
        PlanSituation situation, PlanMemberView member, TestFailoverRecord test, StepOutcome? outcome, OperationRecord? operation)
    {
        var result = TestTransitions.ResultOf(test);
        var isRemoved = operation is { FinishedAt: null } && (situation.IsCanceling || operation.Type == nameof(OperationType.CleanupTestFailover));
        var step = TestRun.NextOf(test);
        return new()
        {
            Name = member.Name,
            State = outcome?.Progress == StepProgress.Failed ? PlanStepState.Failed : result is null || isRemoved ? PlanStepState.Running : PlanStepState.Succeeded,
            Step = isRemoved ? "RemoveTest" : step == TestFailoverStep.Done ? "TestStarted" : $"Test{step}",
            Host = test.Host,
            RecoveryPointTime = test.Point?.Instant,
            Message = (outcome is { Progress: not StepProgress.Done } ? outcome.Message : result?.Describe(member.Name) ?? member.Problem).Cut(LongestMessage),
        };
    }

    /// <summary>What is being done; where the machine stands when nothing is.</summary>
    private static string StepOf(PlanSituation situation, PlanMemberView member, OperationRecord? operation)
    {
        var running = operation is { FinishedAt: null };
        if (running && operation!.Type == nameof(OperationType.CleanupTestFailover))
            return nameof(OperationType.CleanupTestFailover);
        if (running && operation!.Type == nameof(OperationType.Commit))
            return member.State == PlanMemberState.Committed ? nameof(PlanMemberState.Committed) : nameof(OperationType.Commit);
        if (member.IsRecovered || operation is null)
            return member.State.ToString();
        if (member.Failover is null)
            return running && member.State == PlanMemberState.Protected ? "CheckTarget" : member.State.ToString();
        return member.FactsOf(OperationKey.Of(situation.Plan, operation)).Next.ToString();
    }

    private static PlanStepState StateOf(PlanMemberView member, StepOutcome? outcome)
    {
        if (outcome?.Progress == StepProgress.Failed)
            return PlanStepState.Failed;
        if (member.IsRecovered)
            return PlanStepState.Succeeded;
        return member.Failover is null && outcome is null ? PlanStepState.Pending : PlanStepState.Running;
    }

    private static PlanStepState Together(IReadOnlyList<PlanMachineStatus> machines)
    {
        if (machines.All(m => m.State == PlanStepState.Succeeded))
            return PlanStepState.Succeeded;
        if (machines.Any(m => m.State == PlanStepState.Failed) && machines.All(m => m.State is PlanStepState.Failed or PlanStepState.Succeeded))
            return PlanStepState.Failed;
        return machines.All(m => m.State == PlanStepState.Pending) ? PlanStepState.Pending : PlanStepState.Running;
    }

    private static PlanHistoryEntry History(OperationRecord operation)
    {
        var result = PlanJournalTransitions.ResultOf(operation);
        return new()
        {
            Id = operation.Id,
            Type = Enum.Parse<PlanOperationType>(operation.Type),
            State = StateOf(operation),
            StartedAt = operation.StartedAt.WholeSeconds(),
            FinishedAt = operation.FinishedAt.WholeSeconds(),
            RpoSeconds = Rounded(result?.RpoSeconds),
            RtoSeconds = Rounded(result?.RtoSeconds),
        };
    }

    private static PlanOperationState StateOf(OperationRecord operation) =>
        operation.State == nameof(OperationState.Accepted) ? PlanOperationState.Running : Enum.Parse<PlanOperationState>(operation.State);

    private static long? Rounded(double? seconds) => seconds is { } value ? (long)Math.Ceiling(value) : null;
}
