using RecoveryOperator.Replication.Plans;

namespace RecoveryOperator.Replication.Tests.Plans;

public class OperationGuardTests
{
    private static readonly OperationRequest Failover = new("disaster-1", OperationType.UnplannedFailover, "Latest");
    private static readonly OperationRequest Commit = new("commit-1", OperationType.Commit, "Latest");

    public static TheoryData<OperationType, PlanMemberState, OperationVerdict> Table => new()
    {
        { OperationType.UnplannedFailover, PlanMemberState.Unknown, OperationVerdict.Wait },
        { OperationType.UnplannedFailover, PlanMemberState.NotRecoverable, OperationVerdict.Refuse },
        { OperationType.UnplannedFailover, PlanMemberState.Protected, OperationVerdict.Accept },
        { OperationType.UnplannedFailover, PlanMemberState.FailingOver, OperationVerdict.Refuse },
        { OperationType.UnplannedFailover, PlanMemberState.FailedOver, OperationVerdict.Refuse },
        { OperationType.UnplannedFailover, PlanMemberState.Committed, OperationVerdict.Refuse },
        { OperationType.Commit, PlanMemberState.Unknown, OperationVerdict.Wait },
        { OperationType.Commit, PlanMemberState.NotRecoverable, OperationVerdict.Refuse },
        { OperationType.Commit, PlanMemberState.Protected, OperationVerdict.Refuse },
        { OperationType.Commit, PlanMemberState.FailingOver, OperationVerdict.Refuse },
        { OperationType.Commit, PlanMemberState.FailedOver, OperationVerdict.Accept },
        { OperationType.Commit, PlanMemberState.Committed, OperationVerdict.Refuse },
        { OperationType.TestFailover, PlanMemberState.Unknown, OperationVerdict.Wait },
        { OperationType.TestFailover, PlanMemberState.NotRecoverable, OperationVerdict.Refuse },
        { OperationType.TestFailover, PlanMemberState.Protected, OperationVerdict.Accept },
        { OperationType.TestFailover, PlanMemberState.FailingOver, OperationVerdict.Refuse },
        { OperationType.TestFailover, PlanMemberState.FailedOver, OperationVerdict.Refuse },
        { OperationType.TestFailover, PlanMemberState.Committed, OperationVerdict.Refuse },
        { OperationType.CleanupTestFailover, PlanMemberState.Unknown, OperationVerdict.Wait },
        { OperationType.CleanupTestFailover, PlanMemberState.NotRecoverable, OperationVerdict.Refuse },
        { OperationType.CleanupTestFailover, PlanMemberState.Protected, OperationVerdict.Refuse },
        { OperationType.CleanupTestFailover, PlanMemberState.FailingOver, OperationVerdict.Refuse },
        { OperationType.CleanupTestFailover, PlanMemberState.FailedOver, OperationVerdict.Refuse },
        { OperationType.CleanupTestFailover, PlanMemberState.Committed, OperationVerdict.Refuse },
    };

    [Fact]
    public void The_table_has_a_row_for_every_operation_in_every_state() =>
        Assert.Equal(Enum.GetValues<OperationType>().Length * Enum.GetValues<PlanMemberState>().Length, Table.Count);

    [Theory]
    [MemberData(nameof(Table))]
    public void A_new_request_is_judged_by_the_state_of_the_virtual_machine(OperationType type, PlanMemberState state, OperationVerdict expected)
    {
        var decision = OperationGuard.Decide(new("id", type, "Latest"), [], [new("web-1", state)]);

        Assert.Equal(expected, decision.Verdict);
    }

    [Fact]
    public void One_virtual_machine_that_is_not_ready_refuses_the_whole_plan_and_is_named()
    {
        var decision = OperationGuard.Decide(
            Failover, [], [new("web-1", PlanMemberState.Protected), new("db-1", PlanMemberState.NotRecoverable)]);

        Assert.Equal(OperationVerdict.Refuse, decision.Verdict);
        Assert.Contains("db-1 has no recovery point yet", decision.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("web-1", decision.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OperationState.Succeeded, OperationVerdict.Nothing)]
    [InlineData(OperationState.Failed, OperationVerdict.Nothing)]
    [InlineData(OperationState.Refused, OperationVerdict.Nothing)]
    [InlineData(OperationState.Accepted, OperationVerdict.Continue)]
    public void A_recorded_id_is_never_accepted_again(OperationState state, OperationVerdict expected)
    {
        // The VM looks as if the failover had never been: only the journal knows better.
        var decision = OperationGuard.Decide(Failover, [Record(Failover, state)], [new("web-1", PlanMemberState.Protected)]);

        Assert.Equal(expected, decision.Verdict);
    }

    [Fact]
    public void The_same_id_with_other_fields_is_refused_and_the_record_stands()
    {
        var changed = Failover with { RecoveryPoint = "LatestProcessed" };

        var decision = OperationGuard.Decide(changed, [Record(Failover, OperationState.Accepted)], [new("web-1", PlanMemberState.Protected)]);

        Assert.Equal(OperationVerdict.IdReused, decision.Verdict);
        Assert.Contains("disaster-1", decision.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_beside_a_running_operation_is_refused_and_names_it()
    {
        var decision = OperationGuard.Decide(Commit, [Record(Failover, OperationState.Accepted)], [new("web-1", PlanMemberState.FailedOver)]);

        Assert.Equal(OperationVerdict.Refuse, decision.Verdict);
        Assert.Contains("disaster-1", decision.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_that_is_half_committed_can_be_committed_to_its_end() =>
        Assert.Equal(
            [OperationType.Commit],
            OperationGuard.Allowed([], [new("a", PlanMemberState.Committed), new("b", PlanMemberState.FailedOver)]));

    [Fact]
    public void An_empty_plan_allows_nothing_and_says_why()
    {
        Assert.Empty(OperationGuard.Allowed([], []));
        Assert.Contains("no virtual machine", OperationGuard.Decide(Failover, [], []).Message, StringComparison.Ordinal);
    }

    private static KnownOperation Record(OperationRequest request, OperationState state) => new(request.Id, request.Digest, request.Type, state);
}
