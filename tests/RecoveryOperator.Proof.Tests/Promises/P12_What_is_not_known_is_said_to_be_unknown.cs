using RecoveryOperator.Replication;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Proof.Tests.Promises;

/// <summary>P12: a protection state, health or progress shown to a user is true when shown, or says that it is unknown.</summary>
public sealed class P12_What_is_not_known_is_said_to_be_unknown
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A protection that was well until its agent fell silent.</summary>
    private static readonly ProtectionFacts Silent = new()
    {
        Now = Now,
        Wish = new() { CopyFrequency = TimeSpan.FromSeconds(30), Retention = new(24) },
        Machine = new(MachineOutcome.Found, "Found", "It is on host a.", "a", "m-1", "web"),
        Prerequisites = PrerequisiteFacts.Passed,
        Vault = new() { Knowledge = VaultKnowledge.Ours, Epoch = 1, Retention = new(24), AppliedSequence = 9, LatestPoint = Now.AddSeconds(-5), PointConfirmed = true },
        Agent = new() { Knowledge = AgentKnowledge.Unknown, Phase = AgentPhase.Replicating, Epoch = 1, HasWish = true, Silence = new Obstacle("AgentUnreachable", "The agent cannot be reached. Start it.", false) },
    };

    [Fact]
    public void A_silent_agent_makes_a_protection_unknown() => Scenario();

    [Fact]
    public void Without_looking_whether_the_agent_reports_a_protection_is_shown_as_protected()
    {
        Guards.SwitchOff(Guard.SilenceIsUnknown);
        Exception? seen = Record.Exception(Scenario);
        Guards.SwitchOff(Guard.None);

        Assert.NotNull(seen);
        TestContext.Current.TestOutputHelper?.WriteLine($"without {Guard.SilenceIsUnknown}: {seen.Message}");
    }

    [Fact]
    public void A_vault_that_cannot_be_read_makes_it_unknown_too()
    {
        ProtectionFacts facts = Silent with
        {
            Agent = new() { Knowledge = AgentKnowledge.Reports, Phase = AgentPhase.Replicating, Epoch = 1, HasWish = true, CommittedSequence = 9, CommittedInstant = Now },
            Vault = new() { Knowledge = VaultKnowledge.Unknown, Obstacle = new Obstacle("VaultUnreachable", "The vault cannot be reached.", false) },
        };

        Assert.Equal(Phase.Unknown, PhaseRules.Decide(facts));
    }

    private static void Scenario()
    {
        Phase phase = PhaseRules.Decide(Silent);
        Assert.True(phase == Phase.Unknown, $"a protection that nobody can be asked about is shown as {phase}");
        Assert.Equal(Health.Unknown, HealthRules.Decide(Silent, phase).Health);
    }
}
