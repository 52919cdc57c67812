using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;
using RecoveryOperator.Replication.Plans;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans;

public sealed class PlanJournalTransitionsTests
{
    private static readonly PlanMemberView[] Members =
        [Examples.Member("db", PlanMemberState.Protected), Examples.Member("web", PlanMemberState.Protected, group: 1)];

    [Fact]
    public void An_accepted_operation_can_be_read_back_whole_from_the_journal()
    {
        var request = Examples.Request with { RecoveryPoint = "2026-01-31T11:00:00Z" };
        var journal = PlanJournalTransitions.Accept(Examples.PlanJournal, request, Members, Examples.Now);
        var running = PlanJournalTransitions.Running(journal)!;

        Assert.Equal(request, PlanJournalTransitions.RequestOf(running));
        Assert.Equal([(0, "db"), (1, "web")], running.Steps.Select(PlanSteps.MemberOf));
        Assert.Equal(new KnownOperation("dr-1", request.Digest, OperationType.UnplannedFailover, OperationState.Accepted), Assert.Single(PlanJournalTransitions.Known(journal)));
    }

    [Fact]
    public void A_refused_operation_has_ended_with_the_reason_and_does_not_run()
    {
        var journal = PlanJournalTransitions.Refuse(Examples.PlanJournal, Examples.Request, "Because.", Examples.Now);

        Assert.Null(PlanJournalTransitions.Running(journal));
        Assert.Equal(("Refused", "Because."), (journal.Operations[0].Operation.State, PlanJournalTransitions.ResultOf(journal.Operations[0].Operation)!.Message));
    }

    [Theory]
    [InlineData(StepProgress.Done, "Succeeded")]
    [InlineData(StepProgress.Failed, "Failed")]
    public void One_vm_that_failed_makes_the_operation_failed_and_each_step_says_what_came_of_it(object last, string state)
    {
        var journal = PlanJournalTransitions.Accept(Examples.PlanJournal, Examples.Request, Members, Examples.Now);
        MemberRun[] runs = [new(Members[0], StepOutcome.Done), new(Members[1], new StepOutcome((StepProgress)last, "Why."))];
        var ended = PlanJournalTransitions.End(journal, "dr-1", runs, PlanSummary.Of(Examples.Plan("web"), runs, Examples.Request), Examples.Now.AddSeconds(9)).Operations[0];

        Assert.Equal((state, Examples.Now.AddSeconds(9)), (ended.Operation.State, ended.Operation.FinishedAt));
        Assert.Equal(["Succeeded", state], ended.Steps.Select(s => s.State));
    }

    [Fact]
    public void An_operation_of_a_newer_version_stops_this_one()
    {
        var journal = PlanJournalTransitions.Accept(Examples.PlanJournal, Examples.Request, Members, Examples.Now);
        var newer = journal with { Operations = [.. journal.Operations.Select(o => o with { Operation = o.Operation with { Type = "Failback" } })] };

        var fault = Assert.Throws<VaultException>(() => PlanJournalTransitions.Known(newer));
        Assert.Contains("newer version", fault.Message, StringComparison.Ordinal);
    }
}
