using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Replication.Tests.Protection;

/// <summary>Every threshold of health, from both sides.</summary>
public class HealthRulesTests
{
    [Theory]
    [InlineData(0, 0, Health.Normal)]
    [InlineData(1, 5, Health.Normal)]
    [InlineData(20, 100, Health.Normal)]
    [InlineData(21, 100, Health.Warning)]
    [InlineData(25, 120, Health.Warning)]
    [InlineData(24, 120, Health.Normal)]
    public void More_than_a_fifth_of_missed_cycles_is_a_warning(int missed, int due, Health health) =>
        Assert.Equal(health, Of(FactsBuilder.Settled.With((AgentFacts a) => a with { CyclesMissed = missed, CyclesDue = due })));

    [Theory]
    [InlineData(30, 3599, Health.Normal)]
    [InlineData(30, 3600, Health.Warning)]
    [InlineData(1200, 3599, Health.Normal)] // three copy frequencies are exactly an hour
    [InlineData(1200, 3600, Health.Warning)]
    [InlineData(1201, 3602, Health.Normal)] // and a little longer
    [InlineData(1201, 3603, Health.Warning)]
    [InlineData(86400, 3 * 86400 - 1, Health.Normal)]
    [InlineData(86400, 3 * 86400, Health.Warning)]
    public void The_last_sync_is_under_an_hour_old_or_three_copy_frequencies(int frequencySeconds, int ageSeconds, Health health)
    {
        var facts = Synced(ageSeconds) with { Wish = FactsBuilder.Settled.Wish with { CopyFrequency = TimeSpan.FromSeconds(frequencySeconds) } };

        Assert.Equal(health, Of(facts));
    }

    [Theory]
    [InlineData(299_999, Health.Normal)]
    [InlineData(300_000, Health.Warning)]
    public void Mean_latency_is_under_five_minutes(int milliseconds, Health health) =>
        Assert.Equal(health, Of(FactsBuilder.Settled.With((AgentFacts a) => a with { MeanLatency = TimeSpan.FromMilliseconds(milliseconds) })));

    [Theory]
    [InlineData(3599, Health.Normal)]
    [InlineData(3600, Health.Critical)]
    public void A_fault_that_lasts_until_the_last_sync_is_too_old_means_that_nothing_can_be_shipped(int ageSeconds, Health health) =>
        Assert.Equal(health, Of(Synced(ageSeconds).With((AgentFacts a) => a with { Fault = new("VaultUnavailable", "The vault is away.", true) })));

    [Fact]
    public void What_needs_an_administrator_is_critical_at_once() =>
        Assert.Equal(Health.Critical, Of(FactsBuilder.Settled.With((AgentFacts a) => a with { Fault = new("MachineNotFound", "It is gone.", false) })));

    [Theory]
    [InlineData(ResyncStage.WaitingForVault, Health.Critical)]
    [InlineData(ResyncStage.WaitingForWindow, Health.Critical)]
    [InlineData(ResyncStage.WaitingForUser, Health.Critical)]
    [InlineData(ResyncStage.Comparing, Health.Warning)]
    [InlineData(ResyncStage.Finishing, Health.Warning)]
    public void A_resynchronization_that_is_required_is_critical_until_it_runs(ResyncStage stage, Health health) =>
        Assert.Equal(health, Of(FactsBuilder.Settled.With((AgentFacts a) => a with { Phase = AgentPhase.Resynchronizing, Resync = new("Requested", "Asked for.", stage) })));

    [Fact]
    public void Paused_incomplete_and_failed_over_are_warnings()
    {
        Assert.Equal(Health.Warning, Of(FactsBuilder.Settled.With((AgentFacts a) => a with { Phase = AgentPhase.Paused })));
        Assert.Equal(Health.Warning, Of(FactsBuilder.Copying));
        Assert.Equal(Health.Warning, Of(FactsBuilder.Settled.With((VaultFacts v) => v with { Failover = FailoverState.FailedOver })));
    }

    [Fact]
    public void The_age_of_the_newest_point_against_its_objective_is_the_bands_matter()
    {
        var decision = ProtectionDecider.Decide(Synced(100));

        Assert.Equal((RpoBand.Over3x, Health.Normal), (decision.Rpo, decision.Health.Health));
    }

    [Fact]
    public void While_the_vault_cannot_be_read_the_agents_word_counts()
    {
        var facts = FactsBuilder.Settled with { Vault = new() { Knowledge = VaultKnowledge.Unknown, Obstacle = FactsBuilder.Down } };

        Assert.Equal(Health.Unknown, Of(facts));
        Assert.Equal(Health.Warning, Of(facts.With((AgentFacts a) => a with { CommittedInstant = FactsBuilder.Now.AddHours(-1) })));
    }

    [Fact]
    public void All_reasons_are_listed_the_worst_first()
    {
        var facts = Synced(4000).With((AgentFacts a) => a with { CyclesMissed = 50, CyclesDue = 100, MeanLatency = TimeSpan.FromHours(1), Fault = new("NoSpace", "full", true) });

        var health = ProtectionDecider.Decide(facts).Health;

        Assert.Equal(Health.Critical, health.Health);
        Assert.Equal(4, health.Reasons.Count);
        Assert.Contains("Nothing can be shipped: NoSpace", health.Reasons[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_finding_that_comes_by_the_clock_alone_is_foretold()
    {
        var facts = Synced(100);
        var edge = ProtectionDecider.NextHealthEdge(facts)!.Value;

        Assert.Equal(FactsBuilder.Now.AddSeconds(3500), edge);
        Assert.Equal(Health.Normal, Of(facts with { Now = edge.AddTicks(-1) }));
        Assert.Equal(Health.Warning, Of(facts with { Now = edge }));
        Assert.Null(ProtectionDecider.NextHealthEdge(facts with { Now = edge }));
    }

    private static Health Of(ProtectionFacts facts) => ProtectionDecider.Decide(facts).Health.Health;

    private static ProtectionFacts Synced(int ageSeconds) => FactsBuilder.Settled.With((VaultFacts v) => v with { LatestPoint = FactsBuilder.Now.AddSeconds(-ageSeconds) });
}
