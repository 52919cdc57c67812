using System.Globalization;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Replication.Plans;

namespace RecoveryOperator.Operator.RecoveryPlans;

/// <summary>What is kept of an operation that ended. Pure.</summary>
internal static class PlanSummary
{
    public static PlanResult Of(RecoveryPlan plan, IReadOnlyList<MemberRun> runs, OperationRequest request)
    {
        var failures = runs.Where(r => r.Outcome.Progress == StepProgress.Failed).Select(r => r.Outcome.Message).ToList();
        var done = runs.Count - failures.Count;
        if (request.Type == OperationType.Commit)
            return new(null, null, $"{done} virtual machine(s) committed.");

        var results = runs.Select(r => MemberResults.Of(r.Member, OperationKey.Of(plan, request))).OfType<MemberResult>().ToList();
        var rpo = results.Max(r => r.RpoSeconds);
        var rto = results.Max(r => r.RtoSeconds);
        var figures = $"{done} virtual machine(s) recovered, RPO {Seconds(rpo)}, RTO {Seconds(rto)}.";
        return new(rpo, rto, string.Join(" ", results.Select(r => r.Message).OfType<string>().Concat(failures).Prepend(figures)));
    }

    private static string Seconds(double? seconds) =>
        seconds is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value:0.0} s") : "unknown";
}
