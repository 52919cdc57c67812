namespace RecoveryOperator.Replication.Protection;

/// <summary>The one step of a visit, by the first rule that asks for one. A source whose epoch has ended is never given anything.</summary>
internal static class StepRules
{
    private static readonly Func<ProtectionFacts, ProtectionStep?>[] Rules =
        [HandsOff, NotYetPossible, Prerequisites, Place, Retention, Start, Hand];

    public static ProtectionStep Decide(ProtectionFacts facts) =>
        Rules.Select(rule => rule(facts)).FirstOrDefault(step => step is not null) ?? ProtectionStep.Observe;

    private static ProtectionStep? HandsOff(ProtectionFacts facts) =>
        facts.Vault.Failover != FailoverState.None || facts.Vault.EpochEnded || facts.Claim is not null || facts.References is not null
            ? ProtectionStep.Observe
            : null;

    private static ProtectionStep? NotYetPossible(ProtectionFacts facts) =>
        facts.Vault.Knowledge == VaultKnowledge.Unknown || facts.Machine.Outcome != MachineOutcome.Found || facts.Agent.Knowledge == AgentKnowledge.Unknown
            ? ProtectionStep.Observe
            : null;

    private static ProtectionStep? Prerequisites(ProtectionFacts facts)
    {
        if (facts.Agent.Knowledge == AgentKnowledge.Reports)
            return null;
        if (!facts.Prerequisites.Checked)
            return ProtectionStep.CheckPrerequisites;
        return facts.Prerequisites.Failure is null ? null : ProtectionStep.Observe;
    }

    private static ProtectionStep? Place(ProtectionFacts facts) => facts.Vault.Knowledge switch
    {
        VaultKnowledge.Absent => ProtectionStep.ClaimReplica,
        VaultKnowledge.Foreign => facts.Wish.AdoptionStated ? ProtectionStep.AdoptReplica : ProtectionStep.Observe,
        _ => null,
    };

    private static ProtectionStep? Retention(ProtectionFacts facts) =>
        facts.Vault.Retention != facts.Wish.Retention ? ProtectionStep.WriteRetention : null;

    /// <summary>The time of day holds the first copy back, and nothing else.</summary>
    private static ProtectionStep? Start(ProtectionFacts facts) =>
        facts is { Agent.Knowledge: AgentKnowledge.NoProtection, Vault: { AppliedSequence: 0, LatestPoint: null } } && facts.Wish.StartAt > facts.Now
            ? ProtectionStep.AwaitStart
            : null;

    private static ProtectionStep? Hand(ProtectionFacts facts) =>
        facts.Agent.Knowledge == AgentKnowledge.NoProtection || !facts.Agent.HasWish ? ProtectionStep.PutProtection : null;
}
