using System.Globalization;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>An operation's steps in the plan's journal: one for each of its VMs, by group and name (<c>0/web</c>). Pure.</summary>
internal static class PlanSteps
{
    public static PlanStepRecord Pending(int group, string name) => new(IdOf(group, name), "Pending", null, null, null, null);

    /// <summary>Group and name of a step's VM.</summary>
    public static (int Group, string Name) MemberOf(PlanStepRecord step)
    {
        var slash = step.Id.IndexOf('/', StringComparison.Ordinal);
        return (int.Parse(step.Id.AsSpan(0, slash), CultureInfo.InvariantCulture), step.Id[(slash + 1)..]);
    }

    /// <summary>The step with what came of its VM.</summary>
    public static PlanStepRecord End(PlanStepRecord step, IReadOnlyList<MemberRun> runs, DateTimeOffset startedAt, DateTimeOffset now)
    {
        var run = runs.FirstOrDefault(r => IdOf(r.Member.Group, r.Member.Name) == step.Id);
        var outcome = run?.Outcome;
        return step with
        {
            State = outcome?.Progress == StepProgress.Failed ? "Failed" : "Succeeded",
            StartedAt = startedAt,
            FinishedAt = now,
            Message = outcome is { Message.Length: > 0 } ? outcome.Message : null,
            Result = run?.Result,
        };
    }

    private static string IdOf(int group, string name) => string.Create(CultureInfo.InvariantCulture, $"{group}/{name}");
}
