using System.Text.Json;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Operator.RecoveryPlans.TestFailovers;

/// <summary>What the steps of a test failover write into the VM's journal (docs/failover.md, "Test failover"). Pure: the caller writes by compare-and-set.</summary>
internal static class TestTransitions
{
    /// <summary>The record of a test; null when there is none.</summary>
    public static TestFailoverRecord? Of(JournalDocument? journal, string plan, string operationId) =>
        journal?.Tests.FirstOrDefault(t => t.Plan == plan && t.OperationId == operationId);

    /// <summary>All records of a plan's tests.</summary>
    public static IEnumerable<TestFailoverRecord> OfPlan(JournalDocument? journal, string plan) => journal?.Tests.Where(t => t.Plan == plan) ?? [];

    public static JournalDocument Begin(JournalDocument journal, TestFailoverRecord test) => journal with { Tests = [.. journal.Tests, test] };

    public static JournalDocument Change(JournalDocument journal, TestFailoverRecord test) => journal with
    {
        Tests = [.. journal.Tests.Select(t => t.Plan == test.Plan && t.OperationId == test.OperationId ? test : t)],
    };

    /// <summary>The point is free from here on.</summary>
    public static JournalDocument Remove(JournalDocument journal, TestFailoverRecord test) => journal with
    {
        Tests = [.. journal.Tests.Where(t => t.Plan != test.Plan || t.OperationId != test.OperationId)],
    };

    /// <summary>What came of a test; null until it was checked.</summary>
    public static TestResult? ResultOf(TestFailoverRecord? test) => test?.Result?.Deserialize<TestResult>(JsonSerializerOptions.Web);
}

/// <summary>What came of one VM's test failover; stands in its journal until the cleanup, and in the plan's.</summary>
/// <param name="Host">RecoveryHost.</param>
/// <param name="Machine">Name of the machine there.</param>
/// <param name="MachineId">Its id there.</param>
/// <param name="Point">Point that it started from.</param>
/// <param name="RpoSeconds">Age of the point when the test was accepted, in seconds.</param>
/// <param name="RtoSeconds">Acceptance until the machine was started, in seconds.</param>
/// <param name="Boot">What was seen of the machine after its start.</param>
/// <param name="Warning">What a person should know; null when nothing.</param>
internal sealed record TestResult(
    string Host, string Machine, string MachineId, PointSummary Point, double RpoSeconds, double RtoSeconds, string Boot, string? Warning)
{
    /// <summary>The same in a sentence.</summary>
    public string Describe(string name) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{name} was started as {Machine} on {Host} from recovery point {Point.Epoch}/{Point.Sequence} of {Point.Instant:yyyy-MM-ddTHH:mm:ssZ} (RPO {RpoSeconds:0.0} s, RTO {RtoSeconds:0.0} s): {Boot}.{(Warning is null ? string.Empty : $" {Warning}")}");
}
