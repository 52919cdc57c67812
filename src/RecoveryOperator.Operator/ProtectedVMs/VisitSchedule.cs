using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>When a protection is visited again if nobody asks for it earlier.</summary>
internal static class VisitSchedule
{
    private static readonly TimeSpan WhileMoving = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    public static TimeSpan Next(ProtectionFacts facts, ProtectionDecision decision, TimeSpan retryInterval)
    {
        if (decision.Step == ProtectionStep.AwaitStart && facts.Wish.StartAt is { } start)
            return Clamp(start - facts.Now);
        if (decision.Phase is Phase.Finalizing or Phase.InitialReplication or Phase.FailingOver)
            return WhileMoving < retryInterval ? WhileMoving : retryInterval;
        if (decision.Phase != Phase.Protected)
            return retryInterval;
        var pace = facts.Wish.CopyFrequency < retryInterval ? facts.Wish.CopyFrequency : retryInterval;
        var edge = RpoRule.NextEdge(facts.Vault, facts.Wish.CopyFrequency, facts.Now) - facts.Now;
        var health = ProtectionDecider.NextHealthEdge(facts) - facts.Now;
        return Clamp(new[] { pace, edge ?? pace, health ?? pace }.Min());
    }

    private static TimeSpan Clamp(TimeSpan wanted) => wanted < Shortest ? Shortest : wanted > Longest ? Longest : wanted;
}
