using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Replication.Tests.Protection;

public class ResyncAndAppConsistencyTests
{
    private static readonly ResyncFacts Wanted = new("ChangeTrackingLost", "The bitmap is broken.", ResyncStage.WaitingForWindow)
    {
        StartsAt = FactsBuilder.Now.AddHours(6).AddMinutes(30),
        EstimatedBytes = 3L << 29,
        TotalBytes = 100L << 30,
    };

    [Theory]
    [InlineData(AgentPhase.Resynchronizing, ResyncStage.WaitingForVault, Phase.Resynchronizing, false)]
    [InlineData(AgentPhase.Resynchronizing, ResyncStage.WaitingForWindow, Phase.Resynchronizing, false)]
    [InlineData(AgentPhase.Resynchronizing, ResyncStage.Comparing, Phase.Resynchronizing, false)]
    [InlineData(AgentPhase.Resynchronizing, ResyncStage.Finishing, Phase.Resynchronizing, false)]
    [InlineData(AgentPhase.Resynchronizing, ResyncStage.WaitingForUser, Phase.Critical, true)]
    [InlineData(AgentPhase.ResyncRequired, ResyncStage.WaitingForUser, Phase.Critical, true)]
    [InlineData(AgentPhase.ResyncRequired, ResyncStage.WaitingForVault, Phase.Resynchronizing, false)]
    public void What_waits_for_somebody_is_critical_and_the_rest_goes_on_by_itself(AgentPhase agent, ResyncStage stage, Phase phase, bool stalled)
    {
        var decision = ProtectionDecider.Decide(With(agent, Wanted with { Stage = stage }));

        Assert.Equal((phase, stalled), (decision.Phase, decision.Condition(ProtectionConditions.Stalled).Status));
        Assert.Equal(!stalled, decision.Condition(ProtectionConditions.Reconciling).Status);
        Assert.Equal((true, "ChangeTrackingLost"), (decision.Condition(ProtectionConditions.ResyncRequired).Status, decision.Condition(ProtectionConditions.ResyncRequired).Reason));
        Assert.Equal((false, "ResyncRequired"), (decision.Condition(ProtectionConditions.Replicating).Status, decision.Condition(ProtectionConditions.Replicating).Reason));
    }

    [Fact]
    public void The_condition_says_why_what_it_will_cost_and_when_it_begins()
    {
        var message = ProtectionDecider.Decide(With(AgentPhase.Resynchronizing, Wanted)).Condition(ProtectionConditions.ResyncRequired).Message;

        Assert.Equal(
            "The bitmap is broken. About 1.5 GiB of 100 GiB will be shipped. It begins at 2026-03-01 18:30Z, as the policy's window opens; set spec.resync.token to begin now.", message);
    }

    [Fact]
    public void Progress_alone_changes_no_condition() => Assert.Equal(
        ProtectionDecider.Decide(With(AgentPhase.Resynchronizing, Wanted with { Stage = ResyncStage.Comparing, ComparedBytes = 1 })).Conditions,
        ProtectionDecider.Decide(With(AgentPhase.Resynchronizing, Wanted with { Stage = ResyncStage.Comparing, ComparedBytes = 1L << 30 })).Conditions);

    [Fact]
    public void A_silent_agent_leaves_both_unknown()
    {
        var decision = ProtectionDecider.Decide(Asked with { Agent = new() { Knowledge = AgentKnowledge.Unknown, Silence = FactsBuilder.Silence } });

        Assert.Null(decision.Condition(ProtectionConditions.ResyncRequired).Status);
        Assert.Null(decision.Condition(ProtectionConditions.AppConsistency).Status);
    }

    [Fact]
    public void Without_a_wish_for_it_app_consistency_is_no_question() =>
        Assert.Equal((true, "NotAsked"), AppConsistency(FactsBuilder.Settled));

    [Fact]
    public void A_failed_try_says_why_and_leaves_the_protection_ready()
    {
        var facts = Asked.With((AgentFacts a) => a with { AppConsistentInstant = FactsBuilder.Now.AddMinutes(-1), AppConsistentProblem = "The guest agent does not answer." });
        var decision = ProtectionDecider.Decide(facts);

        Assert.Equal((false, "NotAppConsistent"), AppConsistency(facts));
        Assert.Contains("The guest agent does not answer.", decision.Condition(ProtectionConditions.AppConsistency).Message, StringComparison.Ordinal);
        Assert.Equal((true, Phase.Protected), (decision.Condition(ProtectionConditions.Ready).Status, decision.Phase));
    }

    [Theory]
    [InlineData(7229, true, "AppConsistent")]
    [InlineData(7230, false, "Late")]
    public void Two_intervals_and_a_cycle_without_one_are_late(int ageSeconds, bool status, string reason) =>
        Assert.Equal((status, reason), AppConsistency(Asked.With((AgentFacts a) => a with { AppConsistentInstant = FactsBuilder.Now.AddSeconds(-ageSeconds) })));

    [Fact]
    public void Before_the_first_one_nobody_knows() => Assert.Equal((null, "NotYet"), AppConsistency(Asked));

    private static ProtectionFacts Asked { get; } = FactsBuilder.Settled with { Wish = FactsBuilder.Settled.Wish with { AppConsistentInterval = TimeSpan.FromHours(1) } };

    private static (bool? Status, string Reason) AppConsistency(ProtectionFacts facts)
    {
        var condition = ProtectionDecider.Decide(facts).Condition(ProtectionConditions.AppConsistency);
        return (condition.Status, condition.Reason);
    }

    private static ProtectionFacts With(AgentPhase phase, ResyncFacts resync) => FactsBuilder.Settled.With((AgentFacts a) => a with { Phase = phase, Resync = resync });
}
