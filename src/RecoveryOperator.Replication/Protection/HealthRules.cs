namespace RecoveryOperator.Replication.Protection;

/// <summary>Health: the worst of all findings, with all of them as reasons.</summary>
internal static class HealthRules
{
    private const int MaxReasons = 10;
    private static readonly TimeSpan OldestSync = TimeSpan.FromHours(1);

    public static HealthFact Decide(ProtectionFacts facts, Phase phase, RpoBand rpo)
    {
        var findings = Findings(facts, phase, rpo).Distinct().ToList();
        if (findings.Count > 0)
            return new(findings.Max(f => f.Health), [.. findings.OrderByDescending(f => f.Health).Select(f => f.Reason).Take(MaxReasons)]);
        return phase == Phase.Unknown ? new(Health.Unknown, ["Nobody who knows can be asked."]) : new(Health.Normal, []);
    }

    private static IEnumerable<(Health Health, string Reason)> Findings(ProtectionFacts facts, Phase phase, RpoBand rpo)
    {
        if (phase is Phase.FailingOver or Phase.FailedOver or Phase.Committed)
        {
            yield return (Health.Warning, "Failed over: the machine is not replicated where it runs now.");
            yield break;
        }

        if (phase == Phase.Critical)
            yield return (Health.Critical, "Replication does not go on before somebody acts; see the condition Stalled.");
        if (facts.Agent is { Knowledge: AgentKnowledge.Reports, Phase: AgentPhase.ResyncRequired })
            yield return (Health.Critical, "A resynchronization is required.");
        if (rpo == RpoBand.Over3x && phase != Phase.Paused)
            yield return (Health.Critical, "The newest recovery point is at least three copy frequencies old.");
        foreach (var warning in Warnings(facts, phase, rpo))
            yield return (Health.Warning, warning);
    }

    private static IEnumerable<string> Warnings(ProtectionFacts facts, Phase phase, RpoBand rpo)
    {
        if (rpo == RpoBand.Over2x)
            yield return "The newest recovery point is more than two copy frequencies old.";
        if (phase is Phase.Enabling or Phase.InitialReplication or Phase.Finalizing)
            yield return "Initial replication is not complete.";
        if (phase == Phase.Paused)
            yield return "Paused.";
        var agent = facts.Agent;
        if (agent.Knowledge != AgentKnowledge.Reports)
            yield break;
        if (agent.CyclesDue > 0 && agent.CyclesMissed * 5 > agent.CyclesDue)
            yield return "More than a fifth of the cycles of the last hour were missed.";
        if (agent.Fault is { Recoverable: true } fault)
            yield return $"The last cycle failed and is tried again: {fault.Reason}.";
        var oldest = 3 * facts.Wish.CopyFrequency > OldestSync ? 3 * facts.Wish.CopyFrequency : OldestSync;
        if (facts.Now - agent.CommittedInstant > oldest)
            yield return "The last set was committed more than an hour ago.";
    }
}
