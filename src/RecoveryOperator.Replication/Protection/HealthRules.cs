namespace RecoveryOperator.Replication.Protection;

/// <summary>
/// Health: the worst of all findings, with all of them as reasons. Normal: at most 20% of the cycles of the last hour missed, the last sync under an
/// hour old (or three copy frequencies, if that is longer), mean latency under five minutes. How old the newest point is against its objective is the RPO
/// band, with alerts of its own.
/// </summary>
internal static class HealthRules
{
    private const int MaxReasons = 10;
    private const int MostMissedPercent = 20;
    private static readonly TimeSpan OldestSync = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestLatency = TimeSpan.FromMinutes(5);

    public static HealthFact Decide(ProtectionFacts facts, Phase phase)
    {
        var findings = Findings(facts, phase).Distinct().ToList();
        if (findings.Count > 0)
            return new(findings.Max(f => f.Health), [.. findings.OrderByDescending(f => f.Health).Select(f => f.Reason).Take(MaxReasons)]);
        return phase == Phase.Unknown ? new(Health.Unknown, ["Nobody who knows can be asked."]) : new(Health.Normal, []);
    }

    /// <summary>When a finding that comes by the clock alone comes next; null when none does.</summary>
    public static DateTimeOffset? NextEdge(ProtectionFacts facts) =>
        LastSync(facts) is { } synced && facts.Now - synced < Limit(facts) ? synced + Limit(facts) : null;

    private static IEnumerable<(Health Health, string Reason)> Findings(ProtectionFacts facts, Phase phase)
    {
        if (phase is Phase.FailingOver or Phase.FailedOver or Phase.Committed)
        {
            yield return (Health.Warning, "Failed over: the machine is not replicated where it runs now.");
            yield break;
        }

        foreach (var critical in Criticals(facts, phase))
            yield return (Health.Critical, critical);
        foreach (var warning in Warnings(facts, phase))
            yield return (Health.Warning, warning);
    }

    private static IEnumerable<string> Criticals(ProtectionFacts facts, Phase phase)
    {
        if (phase == Phase.Critical)
            yield return "Replication does not go on before somebody acts; see the condition Stalled.";
        if (facts.Agent is { NeedsResync: true, Resync: not { Runs: true } })
            yield return "A resynchronization is required.";
        if (facts.Agent is { Knowledge: AgentKnowledge.Reports, Fault: { Recoverable: true } fault } && LastSync(facts) is { } synced && facts.Now - synced >= Limit(facts))
            yield return $"Nothing can be shipped: {fault.Reason}.";
    }

    private static IEnumerable<string> Warnings(ProtectionFacts facts, Phase phase)
    {
        if (phase is Phase.Enabling or Phase.InitialReplication or Phase.Finalizing)
            yield return "Initial replication is not complete.";
        if (phase == Phase.Paused)
            yield return "Paused.";
        if (facts.Agent is { NeedsResync: true, Resync.Runs: true })
            yield return "A resynchronization runs.";
        if (LastSync(facts) is { } synced && facts.Now - synced >= Limit(facts))
            yield return Limit(facts) > OldestSync ? "The last sync is three copy frequencies old or older." : "The last sync is an hour old or older.";
        var agent = facts.Agent;
        if (agent.Knowledge != AgentKnowledge.Reports)
            yield break;
        if (agent.CyclesDue > 0 && agent.CyclesMissed * 100 > agent.CyclesDue * MostMissedPercent)
            yield return "More than a fifth of the cycles of the last hour were missed.";
        if (agent.MeanLatency >= LongestLatency)
            yield return "In the last hour a set took five minutes or longer to reach the vault, on average.";
    }

    private static TimeSpan Limit(ProtectionFacts facts) => 3 * facts.Wish.CopyFrequency > OldestSync ? 3 * facts.Wish.CopyFrequency : OldestSync;

    /// <summary>What the vault holds counts; where it cannot be read, or has no point yet, the agent's word.</summary>
    private static DateTimeOffset? LastSync(ProtectionFacts facts) =>
        facts.Vault is { Knowledge: VaultKnowledge.Ours, LatestPoint: { } latest } ? latest
        : facts.Agent.Knowledge == AgentKnowledge.Reports ? facts.Agent.CommittedInstant : null;
}
