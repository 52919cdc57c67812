using System.Globalization;
using System.Text.Json;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.RecoveryPlans.TestFailovers;
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

        if (request.Type == OperationType.TestFailover)
            return OfTest(runs, failures);
        if (request.Type == OperationType.CleanupTestFailover)
            return new(null, null, Removed(runs, request.Notes is { } notes ? $"Notes: {notes}" : null));

        var results = runs.Select(r => MemberResults.Of(r.Member, OperationKey.Of(plan, request))).OfType<MemberResult>().ToList();
        var rpo = results.Max(r => r.RpoSeconds);
        var rto = results.Max(r => r.RtoSeconds);
        var figures = $"{done} virtual machine(s) recovered, RPO {Seconds(rpo)}, RTO {Seconds(rto)}.";
        return new(rpo, rto, string.Join(" ", results.Select(r => r.Message).OfType<string>().Concat(failures).Prepend(figures)));
    }

    /// <summary>Of a test failover that was canceled.</summary>
    public static string OfUndone(string cancelId, IReadOnlyList<MemberRun> runs) => Removed(runs, $"Canceled by '{cancelId}'.");

    private static PlanResult OfTest(IReadOnlyList<MemberRun> runs, List<string> failures)
    {
        var results = runs.Select(r => (r.Member.Name, Result: r.Result?.Deserialize<TestResult>(JsonSerializerOptions.Web))).Where(r => r.Result is not null).ToList();
        var rpo = results.Max(r => r.Result?.RpoSeconds);
        var rto = results.Max(r => r.Result?.RtoSeconds);
        var figures = $"{results.Count} test machine(s) run, RPO {Seconds(rpo)}, RTO {Seconds(rto)}. Ask for CleanupTestFailover when you have seen them.";
        return new(rpo, rto, string.Join(" ", results.Select(r => r.Result!.Describe(r.Name)).Prepend(figures).Concat(failures)));
    }

    private static string Removed(IReadOnlyList<MemberRun> runs, string? more) => string.Join(
        " ", runs.Select(r => r.Outcome.Message).Prepend($"The test machines of {runs.Count(r => r.Outcome.Progress == StepProgress.Done)} virtual machine(s) are removed.").Append(more).Where(text => !string.IsNullOrEmpty(text)));

    private static string Seconds(double? seconds) =>
        seconds is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value:0.0} s") : "unknown";
}
