using RecoveryOperator.Replication.Plans;

namespace RecoveryOperator.Replication.Tests.Plans;

public class TestFailoverGuardTests
{
    private static readonly KnownOperation Test = new("drill-1", "d", OperationType.TestFailover, OperationState.Succeeded);
    private static readonly KnownOperation Cleanup = new("clean-1", "c", OperationType.CleanupTestFailover, OperationState.Succeeded);

    /// <summary>With a test that waits for its cleanup.</summary>
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
        { OperationType.TestFailover, PlanMemberState.Protected, OperationVerdict.Refuse },
        { OperationType.TestFailover, PlanMemberState.FailingOver, OperationVerdict.Refuse },
        { OperationType.TestFailover, PlanMemberState.FailedOver, OperationVerdict.Refuse },
        { OperationType.TestFailover, PlanMemberState.Committed, OperationVerdict.Refuse },
        { OperationType.CleanupTestFailover, PlanMemberState.Unknown, OperationVerdict.Wait },
        { OperationType.CleanupTestFailover, PlanMemberState.NotRecoverable, OperationVerdict.Accept },
        { OperationType.CleanupTestFailover, PlanMemberState.Protected, OperationVerdict.Accept },
        { OperationType.CleanupTestFailover, PlanMemberState.FailingOver, OperationVerdict.Accept },
        { OperationType.CleanupTestFailover, PlanMemberState.FailedOver, OperationVerdict.Accept },
        { OperationType.CleanupTestFailover, PlanMemberState.Committed, OperationVerdict.Accept },
    };

    [Fact]
    public void The_table_has_a_row_for_every_operation_in_every_state() =>
        Assert.Equal(Enum.GetValues<OperationType>().Length * Enum.GetValues<PlanMemberState>().Length, Table.Count);

    [Theory]
    [MemberData(nameof(Table))]
    public void With_a_test_that_waits_for_its_cleanup_a_request_is_judged_by_the_state(OperationType type, PlanMemberState state, OperationVerdict expected)
    {
        PlanMember[] members = [new("web", state)];

        Assert.Equal(expected, OperationGuard.Decide(new("id", type, "Latest"), [Test], members).Verdict);
        Assert.Equal(expected == OperationVerdict.Accept, OperationGuard.Allowed([Test], members).Contains(type));
    }

    [Theory]
    [InlineData(OperationType.TestFailover, OperationType.UnplannedFailover, OperationVerdict.Accept)]
    [InlineData(OperationType.CleanupTestFailover, OperationType.UnplannedFailover, OperationVerdict.Accept)]
    [InlineData(OperationType.TestFailover, OperationType.CleanupTestFailover, OperationVerdict.Refuse)]
    [InlineData(OperationType.TestFailover, OperationType.TestFailover, OperationVerdict.Refuse)]
    [InlineData(OperationType.CleanupTestFailover, OperationType.TestFailover, OperationVerdict.Refuse)]
    [InlineData(OperationType.CleanupTestFailover, OperationType.CleanupTestFailover, OperationVerdict.Refuse)]
    [InlineData(OperationType.UnplannedFailover, OperationType.TestFailover, OperationVerdict.Refuse)]
    [InlineData(OperationType.UnplannedFailover, OperationType.CleanupTestFailover, OperationVerdict.Refuse)]
    [InlineData(OperationType.UnplannedFailover, OperationType.UnplannedFailover, OperationVerdict.Refuse)]
    public void Only_a_test_or_its_cleanup_gives_way_and_only_to_a_failover(OperationType running, OperationType wanted, OperationVerdict expected)
    {
        KnownOperation[] known = [Test, new("running", "r", running, OperationState.Accepted)];

        Assert.Equal(expected, OperationGuard.Decide(new("id", wanted, "Latest"), known, [new("web", PlanMemberState.Protected)]).Verdict);
    }

    [Theory]
    [InlineData(OperationState.Accepted, true)]
    [InlineData(OperationState.Succeeded, true)]
    [InlineData(OperationState.Failed, true)]
    [InlineData(OperationState.Refused, false)]
    [InlineData(OperationState.Canceled, false)]
    public void A_test_waits_for_its_cleanup_also_when_it_failed_and_not_when_it_left_nothing(OperationState state, bool waits) =>
        Assert.Equal(waits, TestHistory.Standing([Test with { State = state }]) is not null);

    [Fact]
    public void A_machine_of_a_test_that_no_journal_tells_of_can_be_cleaned_up()
    {
        PlanMember[] members = [new("web", PlanMemberState.Protected, HasTest: true)];

        Assert.Equal(OperationVerdict.Accept, OperationGuard.Decide(new("id", OperationType.CleanupTestFailover, "Latest"), [], members).Verdict);
        Assert.Equal(OperationVerdict.Refuse, OperationGuard.Decide(new("id", OperationType.TestFailover, "Latest"), [], members).Verdict);
    }

    [Theory]
    [InlineData(2, OperationVerdict.Accept)]
    [InlineData(3, OperationVerdict.Refuse)]
    public void Three_tests_of_other_plans_leave_room_for_no_more(int others, OperationVerdict expected) => Assert.Equal(
        expected,
        OperationGuard.Decide(new("id", OperationType.TestFailover, "Latest"), [], [new("web", PlanMemberState.Protected, OtherTests: others)]).Verdict);

    [Fact]
    public void A_success_is_a_test_and_its_cleanup()
    {
        KnownOperation failed = Test with { Id = "drill-2", State = OperationState.Failed };

        Assert.Null(TestHistory.LastSuccess([Test]));
        Assert.Null(TestHistory.LastSuccess([Test, Cleanup with { State = OperationState.Failed }]));
        Assert.Null(TestHistory.LastSuccess([failed, Cleanup]));
        Assert.Equal((Test, Cleanup), TestHistory.LastSuccess([Test, Cleanup]));
        Assert.Equal((Test, Cleanup), TestHistory.LastSuccess([Test, Cleanup, failed, Cleanup with { Id = "clean-2" }]));
    }
}
