using System.Globalization;

namespace RecoveryOperator.Replication.Protection;

/// <summary>Whether points are app-consistent as often as the policy asks, and why the newest try was not.</summary>
internal static class AppConsistencyRule
{
    private const string Type = ProtectionConditions.AppConsistency;

    public static ConditionFact Decide(ProtectionFacts facts)
    {
        if (facts.Wish.AppConsistentInterval is not { } interval)
            return new(Type, true, "NotAsked", "The policy asks for crash-consistent points only.");
        if (facts.Vault.Failover != FailoverState.None)
            return new(Type, null, "FailedOver", "The machine is not replicated where it runs now.");
        var agent = facts.Agent;
        if (agent.Knowledge == AgentKnowledge.Unknown)
            return new(Type, null, agent.Silence?.Reason ?? "AgentSilent", agent.Silence?.Message ?? "Not known yet.");
        if (agent.AppConsistentProblem is { } problem)
            return new(Type, false, "NotAppConsistent", $"The newest try was not app-consistent, its point is crash-consistent: {problem}");
        if (agent.AppConsistentInstant is not { } newest)
            return new(Type, null, "NotYet", "No app-consistent set was made yet.");
        return agent.Phase == AgentPhase.Replicating && facts.Now - newest >= (2 * interval) + facts.Wish.CopyFrequency
            ? new(Type, false, "Late", string.Create(CultureInfo.InvariantCulture, $"The newest app-consistent set is of {newest.UtcDateTime:yyyy-MM-dd HH:mm}Z, the policy asks for one every {interval}. Look at the condition Replicating."))
            : new(Type, true, "AppConsistent", "Points are app-consistent as often as the policy asks.");
    }
}
