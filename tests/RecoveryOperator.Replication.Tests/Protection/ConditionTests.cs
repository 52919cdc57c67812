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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Sets_that_wait_for_a_key_are_no_damage_and_call_for_somebody(bool hasPoints)
    {
        var facts = hasPoints ? FactsBuilder.Settled : FactsBuilder.FirstSet;

        var decision = ProtectionDecider.Decide(facts.With((VaultFacts v) => v with { Waiting = new("KeyMissing", "data key 1 is wanted") }));

        var recoverable = decision.Condition(ProtectionConditions.Recoverable);
        Assert.Equal((hasPoints, "KeyMissing"), (recoverable.Status, recoverable.Reason));
        Assert.Contains("data key 1 is wanted", recoverable.Message, StringComparison.Ordinal);
        Assert.Equal((true, "KeyMissing"), (decision.Condition(ProtectionConditions.Stalled).Status, decision.Condition(ProtectionConditions.Stalled).Reason));
        Assert.True(decision.Condition(ProtectionConditions.Replicating).Status);
    }

    [Theory]
    [InlineData(FailoverState.Running, "FailingOver", "is being recovered on host host-b of site site-b")]
    [InlineData(FailoverState.FailedOver, "FailedOver", "runs on host host-b of site site-b")]
    [InlineData(FailoverState.Committed, "FailedOver", "runs on host host-b of site site-b")]
    public void From_a_failover_on_the_lost_source_is_not_asked_for_any_more(FailoverState state, string reason, string says)
    {
        var facts = FactsBuilder.Settled.With((VaultFacts v) => v with { Failover = state, FailoverHost = "host-b", FailoverSite = "site-b" }) with
        {
            Machine = new(MachineOutcome.Unknown, "HostsSilent", "host-a does not answer."),
            Agent = new() { Knowledge = AgentKnowledge.Unknown, Silence = FactsBuilder.Silence },
        };

        var decision = ProtectionDecider.Decide(facts);

        foreach (var type in new[] { ProtectionConditions.MachineFound, ProtectionConditions.PrerequisitesMet, ProtectionConditions.Replicating })
        {
            Assert.Equal(reason, decision.Condition(type).Reason);
            Assert.Contains(says, decision.Condition(type).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_recovered_machine_whose_read_grant_cannot_be_renewed_calls_for_somebody()
    {
        var facts = FactsBuilder.Settled.With((VaultFacts v) => v with { Failover = FailoverState.Committed }) with { LastStep = new("GrantNotRenewed", "no") };

        Assert.Equal((true, "GrantNotRenewed"), (ProtectionDecider.Decide(facts).Condition(ProtectionConditions.Stalled).Status, ProtectionDecider.Decide(facts).Condition(ProtectionConditions.Stalled).Reason));
        Assert.False(ProtectionDecider.Decide(facts).Condition(ProtectionConditions.Ready).Status);
    }

    [Fact]
    public void A_step_that_was_refused_is_told()
    {
        var decision = ProtectionDecider.Decide(FactsBuilder.Claimed with { LastStep = new("MachineClaimed", "The agent holds it for another.") });

        Assert.Equal("MachineClaimed", decision.Condition(ProtectionConditions.Replicating).Reason);
        Assert.True(decision.Condition(ProtectionConditions.Stalled).Status);
    }

    [Fact]
    public void A_verification_that_found_damage_is_told_and_leaves_readiness_to_the_resynchronization()
    {
        var whole = ProtectionDecider.Decide(FactsBuilder.Settled.With((VaultFacts v) => v with { Verified = "Point 1-7 was read in full" }));
        var damaged = ProtectionDecider.Decide(FactsBuilder.Settled.With((VaultFacts v) => v with { Verified = "Point 1-7 was read in full", ReplicaDamage = "3 blocks" }));
        var never = ProtectionDecider.Decide(FactsBuilder.Settled);

        Assert.Equal((true, "Verified"), Told(whole));
        Assert.Equal((false, "ReplicaDamaged"), Told(damaged));
        Assert.Equal((null, "NotVerifiedYet"), Told(never));
        Assert.True(damaged.Condition(ProtectionConditions.Ready).Status);

        static (bool?, string) Told(ProtectionDecision decision) =>
            (decision.Condition(ProtectionConditions.ReplicaVerified).Status, decision.Condition(ProtectionConditions.ReplicaVerified).Reason);
    }

    [Fact]
    public void Churn_above_what_a_page_blob_takes_is_told_with_its_figures()
    {
        var churning = ProtectionDecider.Decide(FactsBuilder.Settled.With((VaultFacts v) => v with { ExcessiveChurn = "Disk 0 changed by 80 MiB a second" }));

        Assert.Equal((false, "Disk 0 changed by 80 MiB a second"), (churning.Condition(ProtectionConditions.WithinVaultLimits).Status, churning.Condition(ProtectionConditions.WithinVaultLimits).Message));
        Assert.True(ProtectionDecider.Decide(FactsBuilder.Settled).Condition(ProtectionConditions.WithinVaultLimits).Status);
    }
}
