using RecoveryOperator.Api.Jobs;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Operator.RecoveryPlans.TestFailovers;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.Jobs.Plans;

/// <summary>The steps of a plan's operation, from the journals: for each machine, or coarser where that would be too many. Pure.</summary>
internal static class PlanJobSteps
{
    /// <summary>As many as a job can hold.</summary>
    private const int MostSteps = 256;

    private static readonly string[] OfFailover =
        [nameof(FailoverStep.Fence), nameof(FailoverStep.Seal), nameof(FailoverStep.ChoosePoint), nameof(FailoverStep.Create), nameof(FailoverStep.Start)];

    private static readonly string[] OfTest =
    [
        nameof(TestFailoverStep.CheckTarget), nameof(TestFailoverStep.ChoosePoint), nameof(TestFailoverStep.Create), nameof(TestFailoverStep.Start), nameof(TestFailoverStep.CheckBoot),
    ];

    public static IReadOnlyList<StepPicture> Of(PlanSituation situation, PlanOperationRecord record)
    {
        var machines = record.Steps.Select(s => (PlanSteps.MemberOf(s).Group, PlanSteps.MemberOf(s).Name, Steps: OfMachine(situation, record, s))).ToList();
        if (machines.Sum(m => m.Steps.Count) <= MostSteps)
            return [.. machines.SelectMany(m => m.Steps)];
        return machines.Count <= MostSteps
            ? [.. machines.Select(m => Together(m.Name, m.Steps))]
            : [.. machines.GroupBy(m => m.Group).OrderBy(g => g.Key).Select(g => Together(GroupName(situation, g.Key), [.. g.SelectMany(m => m.Steps)]))];
    }

    /// <summary>Percent that are done; null where one of them is not known, or there are none.</summary>
    public static int? Percent(IReadOnlyList<StepPicture> steps) =>
        steps.Count == 0 || steps.Any(s => s.State is null) ? null : 100 * steps.Count(s => s.State == JobStepState.Succeeded) / steps.Count;

    private static List<StepPicture> OfMachine(PlanSituation situation, PlanOperationRecord record, PlanStepRecord step)
    {
        var name = PlanSteps.MemberOf(step).Name;
        var run = situation.Runs.FirstOrDefault(r => r.Member.Name == name);
        var member = run?.Member ?? situation.Members.FirstOrDefault(m => m.Name == name);
        var names = NamesOf(record.Operation.Type);
        var done = Done(situation, record, member);
        return record.Operation.FinishedAt is not null
            ? Ended(name, names, step, done)
            : Running(name, names, done, run?.Outcome);
    }

    private static string[] NamesOf(string type) => type switch
    {
        nameof(OperationType.Commit) => ["Commit"],
        nameof(OperationType.CleanupTestFailover) => ["Remove"],
        nameof(OperationType.TestFailover) => OfTest,
        _ => OfFailover,
    };

    /// <summary>How many of its steps are done, by its journal; null where that cannot be read.</summary>
    private static int? Done(PlanSituation situation, PlanOperationRecord record, PlanMemberView? member)
    {
        if (member?.Journal is null)
            return null;
        if (record.Operation.Type == nameof(OperationType.Commit))
            return member.State == PlanMemberState.Committed ? 1 : 0;
        if (record.Operation.Type == nameof(OperationType.TestFailover))
            return (int)TestRun.NextOf(TestTransitions.Of(member.Journal.Value, situation.Plan.Metadata.Name, record.Operation.Id));
        if (record.Operation.Type == nameof(OperationType.CleanupTestFailover))
            return TestTransitions.OfPlan(member.Journal.Value, situation.Plan.Metadata.Name).Any() ? 0 : 1;
        return (int)member.FactsOf(OperationKey.Of(situation.Plan, record.Operation)).Next;
    }

    private static List<StepPicture> Ended(string machine, IEnumerable<string> names, PlanStepRecord step, int? done) =>
        [.. names.Select((name, i) => step.State == "Skipped"
            ? new StepPicture($"{machine}/{name}", JobStepState.Skipped)
            : step.State == "Succeeded" || i < done
            ? new StepPicture($"{machine}/{name}", JobStepState.Succeeded)
            : done is null
            ? new StepPicture($"{machine}/{name}", null)
            : new StepPicture($"{machine}/{name}", i == done ? JobStepState.Failed : JobStepState.Skipped) { Message = i == done ? step.Message : null })];

    private static List<StepPicture> Running(string machine, IEnumerable<string> names, int? done, StepOutcome? outcome) =>
        [.. names.Select((name, i) => (done, i) switch
        {
            (null, _) => new StepPicture($"{machine}/{name}", null),
            var (before, _) when i < before => new StepPicture($"{machine}/{name}", JobStepState.Succeeded),
            var (before, _) when i > before => new StepPicture($"{machine}/{name}", outcome?.Progress == StepProgress.Failed ? JobStepState.Skipped : JobStepState.Pending),
            _ => new StepPicture($"{machine}/{name}", StateOf(outcome)) { Message = outcome is { Message.Length: > 0 } ? outcome.Message : null },
        })];

    private static JobStepState StateOf(StepOutcome? outcome) => outcome?.Progress switch
    {
        null => JobStepState.Pending,
        StepProgress.Failed => JobStepState.Failed,
        _ => JobStepState.Running,
    };

    private static StepPicture Together(string name, List<StepPicture> steps)
    {
        JobStepState? state = null;
        if (steps.TrueForAll(s => s.State is JobStepState.Succeeded))
            state = JobStepState.Succeeded;
        else if (steps.TrueForAll(s => s.State is JobStepState.Pending))
            state = JobStepState.Pending;
        else if (steps.Exists(s => s.State is JobStepState.Failed) && !steps.Exists(s => s.State is JobStepState.Running or JobStepState.Pending or null))
            state = JobStepState.Failed;
        else if (steps.Exists(s => s.State is not null))
            state = JobStepState.Running;
        return new(name, state) { Message = steps.Find(s => s.State == JobStepState.Failed)?.Message ?? steps.Find(s => s.State == JobStepState.Running)?.Message };
    }

    private static string GroupName(PlanSituation situation, int group) =>
        situation.Plan.Spec.Groups.ElementAtOrDefault(group)?.Name ?? $"group {group}";
}
