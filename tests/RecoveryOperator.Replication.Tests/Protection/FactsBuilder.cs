using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Replication.Tests.Protection;

/// <summary>Facts of protections at the usual places of their life.</summary>
internal static class FactsBuilder
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly Obstacle Silence = new("AgentUnreachable", "The agent cannot be reached. Start it.", false);
    public static readonly Obstacle Down = new("VaultUnreachable", "The vault cannot be reached. Check it.", false);

    /// <summary>The first visit: nothing is known of vault and host yet beyond that they answer.</summary>
    public static ProtectionFacts New { get; } = new()
    {
        Now = Now,
        Wish = new() { CopyFrequency = TimeSpan.FromSeconds(30), Retention = new(24) },
        Machine = new(MachineOutcome.Found, "Found", "It is on host a.", "a", "m-1", "web"),
        Vault = new() { Knowledge = VaultKnowledge.Absent },
        Agent = new() { Knowledge = AgentKnowledge.NoProtection },
    };

    public static ProtectionFacts Checked { get; } = New with { Prerequisites = PrerequisiteFacts.Passed };

    public static ProtectionFacts Claimed { get; } = Checked with
    {
        Vault = new() { Knowledge = VaultKnowledge.Ours, Epoch = 1, Retention = new(24) },
    };

    public static ProtectionFacts Copying { get; } = Claimed with
    {
        Agent = new() { Knowledge = AgentKnowledge.Reports, Phase = AgentPhase.InitialReplication, Epoch = 1, HasWish = true },
    };

    public static ProtectionFacts FirstSet { get; } = Copying with
    {
        Agent = Copying.Agent with { Phase = AgentPhase.Replicating, CommittedSequence = 1, CommittedInstant = Now.AddSeconds(-5) },
    };

    public static ProtectionFacts Settled { get; } = FirstSet with
    {
        Vault = Claimed.Vault with { AppliedSequence = 1, LatestPoint = Now.AddSeconds(-5), PointConfirmed = true },
    };

    public static ProtectionFacts With(this ProtectionFacts facts, Func<VaultFacts, VaultFacts> vault) => facts with { Vault = vault(facts.Vault) };

    public static ProtectionFacts With(this ProtectionFacts facts, Func<AgentFacts, AgentFacts> agent) => facts with { Agent = agent(facts.Agent) };

    public static ConditionFact Condition(this ProtectionDecision decision, string type) => decision.Conditions.Single(c => c.Type == type);
}
