using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Replication.Tests.Protection;

public class HealthAndRpoTests
{
    [Theory]
    [InlineData(0, RpoBand.Met)]
    [InlineData(60, RpoBand.Met)]
    [InlineData(61, RpoBand.Over2x)]
    [InlineData(89, RpoBand.Over2x)]
    [InlineData(90, RpoBand.Over3x)]
    public void The_band_follows_the_age_of_the_newest_point(int ageSeconds, RpoBand band) =>
        Assert.Equal(band, ProtectionDecider.Decide(Aged(ageSeconds)).Rpo);

    [Theory]
    [InlineData(10)]
    [InlineData(70)]
    public void At_its_next_edge_the_band_changes_and_just_before_it_does_not(int ageSeconds)
    {
        var facts = Aged(ageSeconds);
        var band = RpoRule.Band(facts.Vault, facts.Wish.CopyFrequency, facts.Now);

        var edge = RpoRule.NextEdge(facts.Vault, facts.Wish.CopyFrequency, facts.Now)!.Value;

        Assert.Equal(band, RpoRule.Band(facts.Vault, facts.Wish.CopyFrequency, edge.AddMilliseconds(-2)));
        Assert.NotEqual(band, RpoRule.Band(facts.Vault, facts.Wish.CopyFrequency, edge));
    }

    [Fact]
    public void Without_the_vault_the_band_is_unknown() =>
        Assert.Equal(RpoBand.Unknown, ProtectionDecider.Decide(FactsBuilder.Settled with { Vault = new() { Knowledge = VaultKnowledge.Unknown } }).Rpo);

    [Fact]
    public void A_protection_that_does_well_is_normal() =>
        Assert.Equal((Health.Normal, 0), (ProtectionDecider.Decide(FactsBuilder.Settled).Health.Health, ProtectionDecider.Decide(FactsBuilder.Settled).Health.Reasons.Count));

    [Fact]
    public void A_silent_agent_alone_leaves_health_unknown() =>
        Assert.Equal(
            Health.Unknown,
            ProtectionDecider.Decide(FactsBuilder.Settled with { Agent = new() { Knowledge = AgentKnowledge.Unknown, Silence = FactsBuilder.Silence } }).Health.Health);

    [Fact]
    public void A_failed_over_machine_is_a_warning_until_it_is_replicated_again() =>
        Assert.Equal(Health.Warning, ProtectionDecider.Decide(FactsBuilder.Settled.With((VaultFacts v) => v with { Failover = FailoverState.FailedOver })).Health.Health);

    [Theory]
    [InlineData(FailoverState.Running)]
    [InlineData(FailoverState.FailedOver)]
    [InlineData(FailoverState.Committed)]
    public void From_a_failover_on_no_band_is_claimed_and_no_edge_is_waited_for(FailoverState state)
    {
        var facts = FactsBuilder.Settled.With((VaultFacts v) => v with { Failover = state });

        Assert.Equal(RpoBand.Unknown, ProtectionDecider.Decide(facts).Rpo);
        Assert.Null(RpoRule.NextEdge(facts.Vault, facts.Wish.CopyFrequency, facts.Now));
    }

    /// <summary>Its host's clock is wrong, or lies: how old it is nobody knows.</summary>
    [Theory]
    [InlineData(61)]
    [InlineData(86400)]
    [InlineData(long.MaxValue)]
    public void A_point_of_the_future_claims_no_band_and_no_edge(long secondsAhead)
    {
        var ahead = secondsAhead == long.MaxValue ? DateTimeOffset.MaxValue : FactsBuilder.Now.AddSeconds(secondsAhead);
        var facts = FactsBuilder.Settled.With((VaultFacts v) => v with { LatestPoint = ahead });

        Assert.Equal(RpoBand.Unknown, ProtectionDecider.Decide(facts).Rpo);
        Assert.Null(RpoRule.NextEdge(facts.Vault, facts.Wish.CopyFrequency, facts.Now));
    }

    private static ProtectionFacts Aged(int seconds) => FactsBuilder.Settled.With((VaultFacts v) => v with { LatestPoint = FactsBuilder.Now.AddSeconds(-seconds) });
}
