namespace RecoveryOperator.Replication.Protection;

/// <summary>Ready, Reconciling and Stalled: what a pipeline waits for.</summary>
internal static class SummaryRules
{
    public static IReadOnlyList<ConditionFact> Decide(ProtectionFacts facts, Phase phase, IReadOnlyList<ConditionFact> specific)
    {
        var blocking = Blocking(facts, specific);
        var stalled = blocking is not null;
        var working = !stalled && phase is not (Phase.Protected or Phase.Paused or Phase.FailedOver or Phase.Committed);
        return
        [
            Ready(phase, blocking, specific),
            working
                ? new(ProtectionConditions.Reconciling, true, phase.ToString(), Text(phase))
                : new(ProtectionConditions.Reconciling, false, "Settled", "Nothing is under way that would end by itself."),
            blocking is null
                ? new(ProtectionConditions.Stalled, false, "NotStalled", "Nobody has to act.")
                : new(ProtectionConditions.Stalled, true, blocking.Reason, blocking.Message),
        ];
    }

    private static ConditionFact Ready(Phase phase, Obstacle? blocking, IReadOnlyList<ConditionFact> specific)
    {
        if (blocking is not null)
            return new(ProtectionConditions.Ready, false, blocking.Reason, blocking.Message);
        if (phase == Phase.Protected)
        {
            // A recoverable fault in a cycle: the points are there, the next ones are late.
            var replicating = specific.First(c => c.Type == ProtectionConditions.Replicating);
            return replicating.Status == true
                ? new(ProtectionConditions.Ready, true, "Protected", "Recovery points are made as the policy asks.")
                : new(ProtectionConditions.Ready, false, replicating.Reason, replicating.Message);
        }

        if (phase is Phase.FailedOver or Phase.Committed)
            return new(ProtectionConditions.Ready, true, phase.ToString(), Text(phase));
        // None of these says whether points are made: what is verified or measured at leisure holds nothing up.
        var open = specific.FirstOrDefault(c => c.Status != true && c.Type is not (ProtectionConditions.AppConsistency or ProtectionConditions.ResyncRequired
            or ProtectionConditions.ReplicaVerified or ProtectionConditions.WithinVaultLimits
            or ProtectionConditions.DisksSelected or ProtectionConditions.TargetUsable or ProtectionConditions.NetworksMapped
            or ProtectionConditions.RecoveredReadsVerified));
        return new(
            ProtectionConditions.Ready,
            phase == Phase.Unknown ? null : false,
            open?.Reason ?? phase.ToString(),
            open?.Message ?? Text(phase));
    }

    /// <summary>The first thing that waits for a person; the order is the order of the work.</summary>
    private static Obstacle? Blocking(ProtectionFacts facts, IReadOnlyList<ConditionFact> specific)
    {
        if (facts.Vault.Failover != FailoverState.None)
            return facts.LastStep is { NeedsSomebody: true } hindered ? hindered : null;
        var obstacles = new[]
        {
            facts.References, facts.Claim, Machine(facts.Machine), facts.Vault.Obstacle, Failed(facts), Damage(facts.Vault), facts.Vault.Waiting, Fault(facts, specific), facts.LastStep,
        };
        return obstacles.FirstOrDefault(o => o is { NeedsSomebody: true });
    }

    private static Obstacle? Machine(MachineFacts machine) =>
        machine.Outcome is MachineOutcome.NotFound or MachineOutcome.Ambiguous ? new(machine.Reason, machine.Message) : null;

    private static Obstacle? Failed(ProtectionFacts facts) =>
        facts.Agent.Knowledge == AgentKnowledge.Reports ? null : facts.Prerequisites.Failure;

    private static Obstacle? Damage(VaultFacts vault) => vault.Damage is { } damage ? new("ChainDamaged", damage) : null;

    private static Obstacle? Fault(ProtectionFacts facts, IReadOnlyList<ConditionFact> specific)
    {
        if (facts.Vault.EpochEnded)
            return new("EpochEnded", "A seal ended the epoch in force, and the journal knows no failover. Look at the RecoveryPlan that made it.");
        if (facts.Agent.Knowledge != AgentKnowledge.Reports)
            return null;
        var needsSomebody = facts.Agent.Fault is { Recoverable: false } || facts.Agent.ResyncWaitsForSomebody || facts.Agent.Phase == AgentPhase.Fenced;
        var condition = specific.First(c => c.Type == (facts.Agent.ResyncWaitsForSomebody ? ProtectionConditions.ResyncRequired : ProtectionConditions.Replicating));
        return needsSomebody ? new(condition.Reason, condition.Message) : null;
    }

    private static string Text(Phase phase) => phase switch
    {
        Phase.Enabling => "Protection is being enabled.",
        Phase.InitialReplication => "The first full copy is being made.",
        Phase.Finalizing => "The first recovery point is being made and confirmed.",
        Phase.Resynchronizing => "Source and replica are compared; the recovery points stay.",
        Phase.FailingOver => "The source is fenced; the replica is being started.",
        Phase.FailedOver => "The replica runs; the recovery point can still be changed.",
        Phase.Committed => "The replica runs for good.",
        Phase.Unknown => "Nobody who knows can be asked; replication does not depend on it.",
        _ => $"The protection is {phase}.",
    };
}
