using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;
using RecoveryOperator.Replication.Plans;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans;

public sealed class PlanStatusTests
{
    public static TheoryData<PlanMemberState, PlanMemberState, PlanPhase, string, string> Phases => new()
    {
        { PlanMemberState.Protected, PlanMemberState.Protected, PlanPhase.Ready, "True", "Recoverable" },
        { PlanMemberState.Protected, PlanMemberState.NotRecoverable, PlanPhase.NotReady, "False", "NotRecoverable" },
        { PlanMemberState.Protected, PlanMemberState.Unknown, PlanPhase.Unknown, "Unknown", "VaultUnknown" },
        { PlanMemberState.Protected, PlanMemberState.FailingOver, PlanPhase.Running, "False", "OperationRunning" },
        { PlanMemberState.FailedOver, PlanMemberState.FailedOver, PlanPhase.FailedOver, "True", "FailedOver" },
        { PlanMemberState.FailedOver, PlanMemberState.Committed, PlanPhase.FailedOver, "True", "FailedOver" },
        { PlanMemberState.Committed, PlanMemberState.Committed, PlanPhase.Committed, "True", "Committed" },
        { PlanMemberState.Protected, PlanMemberState.FailedOver, PlanPhase.NotReady, "False", "NotRecoverable" },
    };

    [Theory]
    [MemberData(nameof(Phases))]
    public void Phase_and_Ready_follow_from_the_vms(PlanMemberState db, PlanMemberState web, PlanPhase phase, string ready, string reason)
    {
        var status = PlanStatusBuilder.Build(Situation(db, web), Examples.Now);
        var condition = status.Conditions.Single(c => c.Type == "Ready");

        Assert.Equal((phase, ready, reason), (status.Phase, condition.Status, condition.Reason));
        Assert.Equal(["Ready", "Reconciling", "Stalled"], status.Conditions.Select(c => c.Type));
        Assert.All(status.Conditions, c => Assert.False(string.IsNullOrEmpty(c.Message), $"{c.Type} has no message."));
        Assert.Equal(3, status.ObservedGeneration);
    }

    [Fact]
    public void Without_the_journal_nothing_is_claimed()
    {
        var status = PlanStatusBuilder.Build(Situation(PlanMemberState.Protected, PlanMemberState.Protected) with { Journal = null, Problem = "The vault is away." }, Examples.Now);

        Assert.Equal(PlanPhase.Unknown, status.Phase);
        Assert.Empty(status.AllowedOperations);
        Assert.Equal(("True", "VaultFailed", "The vault is away."), Stalled(status));
    }

    [Fact]
    public void Texts_of_many_machines_are_cut_to_what_the_server_takes()
    {
        var outcomes = Enumerable.Range(0, 100).ToDictionary(i => i == 0 ? "db" : $"vm-{i}", i => StepOutcome.Blocked($"{i}: {new string('x', 200)}"));
        outcomes["web"] = StepOutcome.Blocked(new string('y', 9000));
        var status = PlanStatusBuilder.Build(Accepted() with { Outcomes = outcomes }, Examples.Now);

        Assert.Equal(4096, status.CurrentOperation!.Message!.Length);
        Assert.Contains(status.Groups.SelectMany(g => g.Vms), vm => vm.Message?.Length == 4096);
        Assert.All(status.Groups.SelectMany(g => g.Vms), vm => Assert.True(vm.Message?.Length <= 4096, vm.Name));
        Assert.All(status.Conditions, c => Assert.True(c.Message.Length <= 4096, c.Type));
    }

    [Fact]
    public void A_blocked_operation_says_so_in_condition_operation_and_machine()
    {
        var accepted = Accepted() with { Outcomes = new Dictionary<string, StepOutcome> { ["db"] = StepOutcome.Blocked("No room."), ["web"] = StepOutcome.Running("Works.") } };
        var status = PlanStatusBuilder.Build(accepted, Examples.Now);

        Assert.Equal(PlanPhase.Running, status.Phase);
        Assert.Equal(("True", "OperationBlocked", "No room."), Stalled(status));
        Assert.Equal("No room.", status.CurrentOperation!.Message);
        Assert.Equal("No room.", status.Groups[0].Vms[0].Message);
    }

    [Fact]
    public void Progress_is_the_share_of_steps_done_and_absent_while_a_machine_cannot_be_read()
    {
        var accepted = Accepted();
        var fenced = JournalTransitions.Fence(Examples.Journal, Examples.Request, "shop", "site-b", "host-b", Examples.Point, Examples.Now);
        var begun = accepted with { Members = [Examples.Member("db", PlanMemberState.FailingOver, JournalTransitions.RecordSeal(fenced, 3)), accepted.Members[1]] };
        var unread = begun with { Members = [begun.Members[0], begun.Members[1] with { Journal = null }] };

        Assert.Equal(0, PlanStatusBuilder.Build(accepted, Examples.Now).CurrentOperation!.Percent);
        Assert.Equal(30, PlanStatusBuilder.Build(begun, Examples.Now).CurrentOperation!.Percent);
        Assert.Null(PlanStatusBuilder.Build(unread, Examples.Now).CurrentOperation!.Percent);
    }

    [Fact]
    public void A_failed_operation_is_the_plans_phase_and_its_history()
    {
        var accepted = Accepted();
        MemberRun[] runs = [new(accepted.Members[0], StepOutcome.Failed("Gone.")), new(accepted.Members[1], StepOutcome.Done)];
        var journal = PlanJournalTransitions.End(accepted.Journal!, "dr-1", runs, PlanSummary.Of(Examples.Plan("web"), runs, Examples.Request), Examples.Now);
        var status = PlanStatusBuilder.Build(accepted with { Journal = journal, Outcomes = runs.ToDictionary(r => r.Member.Name, r => r.Outcome) }, Examples.Now);

        Assert.Equal(PlanPhase.Failed, status.Phase);
        Assert.Equal(PlanOperationState.Failed, Assert.Single(status.History).State);
        Assert.Equal(PlanStepState.Failed, status.Groups[0].State);
        Assert.Contains("Gone.", status.CurrentOperation!.Message!, StringComparison.Ordinal);
    }

    [Fact]
    public void Events_tell_each_change_once_and_nothing_about_the_past_of_an_adopted_plan()
    {
        var idle = PlanStatusBuilder.Build(Situation(PlanMemberState.Protected, PlanMemberState.Protected), Examples.Now);
        var accepted = Accepted();
        var running = PlanStatusBuilder.Build(accepted, Examples.Now);
        var blocked = PlanStatusBuilder.Build(
            accepted with { Outcomes = new Dictionary<string, StepOutcome> { ["db"] = StepOutcome.Blocked("No room.") } }, Examples.Now);
        MemberRun[] runs = [.. accepted.Members.Select(m => new MemberRun(m, StepOutcome.Done))];
        var ended = PlanStatusBuilder.Build(
            accepted with { Journal = PlanJournalTransitions.End(accepted.Journal!, "dr-1", runs, PlanSummary.Of(Examples.Plan("web"), runs, Examples.Request), Examples.Now) }, Examples.Now);

        Assert.Equal(["OperationAccepted"], Reasons(idle, running));
        Assert.Equal(["OperationAccepted"], Reasons(null, running));
        Assert.Equal(["OperationBlocked"], Reasons(running, blocked));
        Assert.Empty(Reasons(blocked, blocked));
        Assert.Equal(["OperationSucceeded"], Reasons(blocked, ended));
        Assert.Empty(Reasons(null, ended));
    }

    private static IEnumerable<string> Reasons(RecoveryPlanStatus? before, RecoveryPlanStatus after) => PlanEvents.Between(before, after).Select(n => n.Reason);

    private static (string, string, string) Stalled(RecoveryPlanStatus status)
    {
        var condition = status.Conditions.Single(c => c.Type == "Stalled");
        return (condition.Status, condition.Reason, condition.Message);
    }

    private static PlanSituation Accepted()
    {
        var situation = Situation(PlanMemberState.Protected, PlanMemberState.Protected);
        return situation with { Journal = PlanJournalTransitions.Accept(Examples.PlanJournal, Examples.Request, situation.Members, Examples.Now) };
    }

    private static PlanSituation Situation(PlanMemberState db, PlanMemberState web) =>
        new(Examples.Plan("db", "web"), [Examples.Member("db", db), Examples.Member("web", web, group: 1)]) { Journal = Examples.PlanJournal };
}
