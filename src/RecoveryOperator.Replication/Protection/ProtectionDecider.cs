namespace RecoveryOperator.Replication.Protection;

/// <summary>Decides on a protection: the same facts always give the same phase, step, conditions and health.</summary>
public static class ProtectionDecider
{
    /// <summary>When health changes by the clock alone; null when it does not.</summary>
    public static DateTimeOffset? NextHealthEdge(ProtectionFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        return HealthRules.NextEdge(facts);
    }

    /// <summary>What follows from the facts.</summary>
    public static ProtectionDecision Decide(ProtectionFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var phase = PhaseRules.Decide(facts);
        var rpo = RpoRule.Band(facts.Vault, facts.Wish.CopyFrequency, facts.Now);
        var specific = ConditionRules.Decide(facts);
        var summary = SummaryRules.Decide(facts, phase, specific);
        return new(phase, StepRules.Decide(facts), [.. specific, .. summary], HealthRules.Decide(facts, phase), rpo);
    }
}
