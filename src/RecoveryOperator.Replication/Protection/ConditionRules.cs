using System.Globalization;

namespace RecoveryOperator.Replication.Protection;

/// <summary>The specific conditions, each from its own facts: all are there on the first visit, unknown where nobody knows.</summary>
internal static class ConditionRules
{
    public static IReadOnlyList<ConditionFact> Decide(ProtectionFacts facts) =>
        [
            References(facts), Machine(facts), Prerequisites(facts), Vault(facts), Replicating(facts), Recoverable(facts),
            AppConsistencyRule.Decide(facts), ResyncRequiredRule.Decide(facts), ReplicaVerified(facts.Vault), WithinVaultLimits(facts.Vault),
            .. ProtectionConditions.Advice.Select(type => facts.Advice.FirstOrDefault(c => c.Type == type) ?? new(type, null, "NotKnown", "Not known yet.")),
        ];

    private static ConditionFact References(ProtectionFacts facts) =>
        facts.References is { } missing
            ? new(ProtectionConditions.ReferencesResolved, missing.NeedsSomebody ? false : null, missing.Reason, missing.Message)
            : new(ProtectionConditions.ReferencesResolved, true, "Resolved", "Site, policy and vault are there.");

    private static ConditionFact Machine(ProtectionFacts facts)
    {
        if (facts.Vault.Failover != FailoverState.None)
            return Elsewhere(ProtectionConditions.MachineFound, facts.Vault.Failover == FailoverState.Running ? null : true, facts.Vault);
        if (facts.Claim is { } claim)
            return new(ProtectionConditions.MachineFound, false, claim.Reason, claim.Message);
        bool? found = facts.Machine.Outcome switch { MachineOutcome.Found => true, MachineOutcome.Unknown => null, _ => false };
        return new(ProtectionConditions.MachineFound, found, facts.Machine.Reason, facts.Machine.Message);
    }

    private static ConditionFact Prerequisites(ProtectionFacts facts)
    {
        if (facts.Vault.Failover != FailoverState.None)
            return Elsewhere(ProtectionConditions.PrerequisitesMet, null, facts.Vault);
        if (facts.Agent.Knowledge == AgentKnowledge.Reports)
            return new(ProtectionConditions.PrerequisitesMet, true, "Accepted", "The host has accepted the machine.");
        if (!facts.Prerequisites.Checked)
            return new(ProtectionConditions.PrerequisitesMet, null, "NotChecked", "The host has not checked the machine yet.");
        return facts.Prerequisites.Failure is { } failure
            ? new(ProtectionConditions.PrerequisitesMet, false, failure.Reason, failure.Message)
            : new(ProtectionConditions.PrerequisitesMet, true, "Passed", "Nothing on the host stands in the way.");
    }

    private static ConditionFact Vault(ProtectionFacts facts) => facts.Vault.Knowledge switch
    {
        VaultKnowledge.Ours => new(ProtectionConditions.VaultPrepared, true, "Prepared", "The replica's containers and journal are there and ours."),
        VaultKnowledge.Absent => new(ProtectionConditions.VaultPrepared, false, "NotPrepared", "The replica's containers are not made yet."),
        VaultKnowledge.Foreign => new(ProtectionConditions.VaultPrepared, false, Reason(facts.Vault.Obstacle, "OwnedByOther"), Message(facts.Vault.Obstacle)),
        _ => new(ProtectionConditions.VaultPrepared, null, Reason(facts.Vault.Obstacle, "VaultUnknown"), Message(facts.Vault.Obstacle)),
    };

    private static ConditionFact Replicating(ProtectionFacts facts)
    {
        const string Type = ProtectionConditions.Replicating;
        if (facts.Vault.Failover != FailoverState.None)
            return Elsewhere(Type, false, facts.Vault);
        if (facts.Agent.Knowledge == AgentKnowledge.Unknown)
            return new(Type, null, Reason(facts.Agent.Silence, "AgentSilent"), Message(facts.Agent.Silence));
        if (facts.Agent.Knowledge == AgentKnowledge.NoProtection)
            return facts.LastStep is { } hindered
                ? new(Type, false, hindered.Reason, hindered.Message)
                : new(Type, false, "NotStarted", StartMessage(facts));
        if (facts.Agent.Fault is { } fault)
            return new(Type, false, fault.Reason, fault.Message);
        return facts.Agent.Phase switch
        {
            AgentPhase.Replicating => new(Type, true, "Replicating", "Sets are cut and committed."),
            AgentPhase.InitialReplication => new(Type, true, "InitialReplication", "The first full copy is being made."),
            AgentPhase.Paused => new(Type, false, "Paused", "Stopped by spec.paused; changes go on being tracked. Set it to false to go on."),
            AgentPhase.ResyncRequired or AgentPhase.Resynchronizing => new(Type, false, "ResyncRequired", "Source and replica are compared before new points are made, see the condition ResyncRequired. The recovery points stay."),
            AgentPhase.Fenced => new(Type, false, "Fenced", "A seal ended this source's epoch: it ships nothing more. Look at the RecoveryPlan that made it."),
            _ => new(Type, false, "Pending", "The host has the protection and has not begun."),
        };
    }

    private static ConditionFact Recoverable(ProtectionFacts facts)
    {
        const string Type = ProtectionConditions.Recoverable;
        return facts.Vault switch
        {
            { Knowledge: VaultKnowledge.Unknown } => new(Type, null, Reason(facts.Vault.Obstacle, "VaultUnknown"), Message(facts.Vault.Obstacle)),
            { Knowledge: VaultKnowledge.Foreign } => new(Type, null, "NotOurs", "The replica in the vault is not ours."),
            { Damage: { } damage, LatestPoint: not null } => new(Type, true, "ChainDamaged", $"The points before the damage can be recovered; nothing newer comes: {damage}"),
            { Damage: { } damage } => new(Type, false, "ChainDamaged", damage),
            { Waiting: { } waiting, LatestPoint: not null } => new(Type, true, waiting.Reason, $"The points so far can be recovered; newer sets wait in the vault: {waiting.Message}"),
            { Waiting: { } waiting } => new(Type, false, waiting.Reason, waiting.Message),
            { LatestPoint: null } => new(Type, false, "NoRecoveryPoint", "There is no recovery point yet."),
            { PointConfirmed: false, PointProblem: { } problem } => new(Type, problem.NeedsSomebody ? false : null, problem.Reason, problem.Message),
            { PointConfirmed: false } => new(Type, null, "NotConfirmed", "The first recovery point is there and is being read."),
            _ => new(Type, true, "PointConfirmed", "There are recovery points; one was read."),
        };
    }

    /// <summary>Its text changes with each verification, which is once a week: never with the clock.</summary>
    private static ConditionFact ReplicaVerified(VaultFacts vault)
    {
        const string Type = ProtectionConditions.ReplicaVerified;
        return vault switch
        {
            { Knowledge: VaultKnowledge.Unknown } => new(Type, null, Reason(vault.Obstacle, "VaultUnknown"), Message(vault.Obstacle)),
            { ReplicaDamage: { } damage } => new(Type, false, "ReplicaDamaged", damage),
            { Verified: { } verified } => new(Type, true, "Verified", verified),
            _ => new(Type, null, "NotVerifiedYet", "No recovery point was read in full yet. The vault agent does it by itself, within a day of the first point."),
        };
    }

    private static ConditionFact WithinVaultLimits(VaultFacts vault)
    {
        const string Type = ProtectionConditions.WithinVaultLimits;
        return vault switch
        {
            { Knowledge: VaultKnowledge.Unknown } => new(Type, null, Reason(vault.Obstacle, "VaultUnknown"), Message(vault.Obstacle)),
            { ExcessiveChurn: { } churn } => new(Type, false, "ChurnAboveLimit", churn),
            { LatestPoint: null } => new(Type, null, "NotMeasured", "Nothing was applied yet."),
            _ => new(Type, true, "BelowLimit", "No disk is known to change faster than a page blob takes writes (60 MiB or 500 requests a second)."),
        };
    }

    /// <summary>From the fence on, the source's host is not asked any more: one text, so that it is told once.</summary>
    private static ConditionFact Elsewhere(string type, bool? status, VaultFacts vault)
    {
        var place = vault.FailoverHost is { } host ? $"host {host} of site {vault.FailoverSite}" : "its target";
        return vault.Failover == FailoverState.Running
            ? new(type, status, "FailingOver", $"The source is fenced; the machine is being recovered on {place}.")
            : new(type, status, "FailedOver", $"The source is fenced; the machine runs on {place}.");
    }

    private static string StartMessage(ProtectionFacts facts) =>
        facts.Wish.StartAt > facts.Now
            ? string.Create(CultureInfo.InvariantCulture, $"Initial replication starts at {facts.Wish.StartAt.Value.UtcDateTime:yyyy-MM-dd HH:mm}Z, as the policy asks.")
            : "The protection has not been handed to the host yet.";

    private static string Reason(Obstacle? obstacle, string otherwise) => obstacle?.Reason ?? otherwise;

    private static string Message(Obstacle? obstacle) => obstacle?.Message ?? "Not known yet.";
}
