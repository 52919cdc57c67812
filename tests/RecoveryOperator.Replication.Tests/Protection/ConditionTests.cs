using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Replication.Tests.Protection;

public class ConditionTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Points_stay_recoverable_whether_the_agent_answers_or_not(bool silent)
    {
        var facts = silent ? FactsBuilder.Settled with { Agent = new() { Knowledge = AgentKnowledge.Unknown, Silence = FactsBuilder.Silence } } : FactsBuilder.Settled;

        var decision = ProtectionDecider.Decide(facts);

        Assert.True(decision.Condition(ProtectionConditions.Recoverable).Status);
        Assert.Equal(silent ? null : true, decision.Condition(ProtectionConditions.Replicating).Status);
    }

    [Fact]
    public void A_silent_agent_leaves_readiness_unknown_with_its_cause()
    {
        var decision = ProtectionDecider.Decide(FactsBuilder.Settled with { Agent = new() { Knowledge = AgentKnowledge.Unknown, Silence = FactsBuilder.Silence } });

        Assert.Equal((null, FactsBuilder.Silence.Reason), (decision.Condition(ProtectionConditions.Ready).Status, decision.Condition(ProtectionConditions.Ready).Reason));
    }

    [Fact]
    public void The_first_thing_that_waits_for_somebody_stalls_with_its_own_reason()
    {
        var decision = ProtectionDecider.Decide(FactsBuilder.New with { References = new("PolicyNotFound", "missing"), Claim = new("MachineClaimed", "taken") });

        Assert.Equal((true, "PolicyNotFound"), (decision.Condition(ProtectionConditions.Stalled).Status, decision.Condition(ProtectionConditions.Stalled).Reason));
    }

    [Fact]
    public void What_is_tried_again_by_itself_stalls_nothing()
    {
        var decision = ProtectionDecider.Decide(FactsBuilder.Checked with { Vault = new() { Knowledge = VaultKnowledge.Unknown, Obstacle = FactsBuilder.Down } });

        Assert.False(decision.Condition(ProtectionConditions.Stalled).Status);
        Assert.Null(decision.Condition(ProtectionConditions.VaultPrepared).Status);
    }

    [Fact]
    public void Damage_leaves_the_points_before_it_recoverable_and_calls_for_somebody()
    {
        var decision = ProtectionDecider.Decide(FactsBuilder.Settled.With((VaultFacts v) => v with { Damage = "set 1/2 is damaged" }));

        Assert.True(decision.Condition(ProtectionConditions.Recoverable).Status);
        Assert.True(decision.Condition(ProtectionConditions.Stalled).Status);
        Assert.Equal(Phase.Critical, decision.Phase);
    }

    [Fact]
    public void A_step_that_was_refused_is_told()
    {
        var decision = ProtectionDecider.Decide(FactsBuilder.Claimed with { LastStep = new("MachineClaimed", "The agent holds it for another.") });

        Assert.Equal("MachineClaimed", decision.Condition(ProtectionConditions.Replicating).Reason);
        Assert.True(decision.Condition(ProtectionConditions.Stalled).Status);
    }
}
