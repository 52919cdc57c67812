namespace RecoveryOperator.Replication.Protection;

/// <summary>
/// The phase, by the first rule that knows it. The journal comes first: what it says of a failover holds whatever an agent reports.
/// A phase that only the agent knows is unknown when the agent is silent.
/// </summary>
internal static class PhaseRules
{
    private static readonly Func<ProtectionFacts, Phase?>[] Rules = [Failover, Fenced, Blocked, Silent, BeforeAgent, Stopped, Copying, FirstPoint];

    public static Phase Decide(ProtectionFacts facts) => Rules.Select(rule => rule(facts)).FirstOrDefault(phase => phase is not null) ?? Phase.Protected;

    private static Phase? Failover(ProtectionFacts facts) => facts.Vault.Failover switch
    {
        FailoverState.Running => Phase.FailingOver,
        FailoverState.FailedOver => Phase.FailedOver,
        FailoverState.Committed => Phase.Committed,
        _ => null,
    };

    /// <summary>Without a failover in the journal a fenced source means that somebody sealed the epoch and went no further.</summary>
    private static Phase? Fenced(ProtectionFacts facts) =>
        facts.Vault.EpochEnded || facts.Agent is { Knowledge: AgentKnowledge.Reports, Phase: AgentPhase.Fenced } ? Phase.Critical : null;

    private static Phase? Blocked(ProtectionFacts facts) =>
        facts.References is { NeedsSomebody: true } || facts.Claim is not null
        || facts.Machine.Outcome is MachineOutcome.NotFound or MachineOutcome.Ambiguous
        || facts.Vault is { Knowledge: VaultKnowledge.Foreign } && !facts.Wish.AdoptionStated
        || facts.Prerequisites.Failure is not null && facts.Agent.Knowledge != AgentKnowledge.Reports
        || facts.Vault.Damage is not null
            ? HasBegun(facts) ? Phase.Critical : Phase.Enabling
            : null;

    private static Phase? Silent(ProtectionFacts facts) =>
        facts.Agent.Knowledge == AgentKnowledge.Unknown && Guards.Hold(Guard.SilenceIsUnknown)
            ? HasBegun(facts) || facts.Vault.Knowledge == VaultKnowledge.Unknown ? Phase.Unknown : Phase.Enabling
            : null;

    private static Phase? BeforeAgent(ProtectionFacts facts) =>
        facts.Agent.Knowledge == AgentKnowledge.NoProtection || facts.Agent is { Phase: AgentPhase.Pending, Fault: null } ? Phase.Enabling : null;

    private static Phase? Stopped(ProtectionFacts facts) => facts.Agent switch
    {
        { Fault.Recoverable: false } => Phase.Critical,
        { ResyncWaitsForSomebody: true } => Phase.Critical,
        { NeedsResync: true } => Phase.Resynchronizing,
        { Phase: AgentPhase.Paused } => Phase.Paused,
        { Phase: AgentPhase.Pending } => Phase.Enabling,
        _ => null,
    };

    private static Phase? Copying(ProtectionFacts facts) =>
        facts.Agent.Phase == AgentPhase.InitialReplication ? Phase.InitialReplication : null;

    private static Phase? FirstPoint(ProtectionFacts facts)
    {
        if (facts.Vault.Knowledge == VaultKnowledge.Unknown)
            return Phase.Unknown;
        return facts.Vault is { LatestPoint: not null, PointConfirmed: true } ? null : Phase.Finalizing;
    }

    /// <summary>There was something to lose already.</summary>
    private static bool HasBegun(ProtectionFacts facts) =>
        facts.Vault.Knowledge == VaultKnowledge.Ours && (facts.Vault.AppliedSequence > 0 || facts.Vault.LatestPoint is not null)
        || facts.Agent is { Knowledge: AgentKnowledge.Reports, Phase: not AgentPhase.Pending };
}
