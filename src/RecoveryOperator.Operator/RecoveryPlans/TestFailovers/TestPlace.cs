using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Operator.RecoveryPlans.TestFailovers;

/// <summary>A plan's tests, as its journal tells them. Pure.</summary>
internal static class TestPlace
{
    /// <summary>The test that waits for its cleanup; null when none does.</summary>
    public static PlanOperationRecord? Standing(PlanJournalDocument journal) =>
        TestHistory.Standing(PlanJournalTransitions.Known(journal)) is { } test ? RecordOf(journal, test) : null;

    /// <summary>The newest test that succeeded and was cleaned up, and when it was; null when there is none.</summary>
    public static (PlanOperationRecord Test, DateTimeOffset At)? LastSuccess(PlanJournalDocument journal) =>
        TestHistory.LastSuccess(PlanJournalTransitions.Known(journal)) is { } last && RecordOf(journal, last.Cleanup).Operation.FinishedAt is { } at
            ? (RecordOf(journal, last.Test), at)
            : null;

    /// <summary>Group and name of each VM of the test that waits for its cleanup.</summary>
    public static IEnumerable<(int Group, string Name)> MembersOf(PlanJournalDocument journal) =>
        Standing(journal)?.Steps.Select(PlanSteps.MemberOf) ?? [];

    private static PlanOperationRecord RecordOf(PlanJournalDocument journal, KnownOperation operation) => journal.Operations.First(o => o.Operation.Id == operation.Id);
}
