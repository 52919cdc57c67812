namespace RecoveryOperator.Replication.Cycle;

/// <summary>Decides when a protection's next cycle runs.</summary>
public static class CyclePlanner
{
    /// <summary>The decision.</summary>
    public static CycleDecision Decide(CycleFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        if (facts.Ended)
            return CycleDecision.Rest;
        if (facts.Requested)
            return CycleDecision.Run;
        if (facts.Paused)
            return CycleDecision.Rest;
        if (facts.Failed)
            return facts.RetryAt is { } retryAt ? At(facts.Now, retryAt) : CycleDecision.Rest;
        if (facts.Resting)
            return facts.RestUntil is { } restUntil ? At(facts.Now, restUntil) : CycleDecision.Rest;

        return facts.InitialIncomplete ? CycleDecision.Run : At(facts.Now, facts.NextDue);
    }

    private static CycleDecision At(DateTimeOffset now, DateTimeOffset due) => now >= due ? CycleDecision.Run : new(false, due);
}
