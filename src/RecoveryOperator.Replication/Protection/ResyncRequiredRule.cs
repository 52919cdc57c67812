using System.Globalization;

namespace RecoveryOperator.Replication.Protection;

/// <summary>Whether source and replica must be compared: why, what it will cost, and what it waits for. Changes at its edges, not with its progress.</summary>
internal static class ResyncRequiredRule
{
    private const string Type = ProtectionConditions.ResyncRequired;

    public static ConditionFact Decide(ProtectionFacts facts)
    {
        if (facts.Vault.Failover != FailoverState.None)
            return new(Type, null, "FailedOver", "The machine is not replicated where it runs now.");
        var agent = facts.Agent;
        if (agent.Knowledge == AgentKnowledge.Unknown)
            return new(Type, null, agent.Silence?.Reason ?? "AgentSilent", agent.Silence?.Message ?? "Not known yet.");
        if (!agent.NeedsResync)
            return new(Type, false, "NotRequired", "Changes are tracked since the newest set.");
        return agent.Resync is { } resync
            ? new(Type, true, resync.Reason, $"{resync.Message} {Cost(resync)} {State(resync)}")
            : new(Type, true, "ResyncRequired", "Source and replica must be compared. The recovery points stay.");
    }

    private static string Cost(ResyncFacts resync) => resync switch
    {
        { EstimatedBytes: > 0, TotalBytes: > 0 } => $"About {Bytes(resync.EstimatedBytes)} of {Bytes(resync.TotalBytes)} will be shipped.",
        { TotalBytes: > 0 } => $"{Bytes(resync.TotalBytes)} will be compared; how much is shipped is not estimated yet.",
        _ => "How much it will move is not estimated yet.",
    };

    private static string State(ResyncFacts resync) => resync.Stage switch
    {
        ResyncStage.WaitingForVault => "It waits for the replica's checksums from a vault agent.",
        ResyncStage.WaitingForWindow when resync.StartsAt is { } at =>
            string.Create(CultureInfo.InvariantCulture, $"It begins at {at.UtcDateTime:yyyy-MM-dd HH:mm}Z, as the policy's window opens; set spec.resync.token to begin now."),
        ResyncStage.WaitingForWindow => "It waits for the policy's window; set spec.resync.token to begin now.",
        ResyncStage.WaitingForUser => "It waits for you: set spec.resync to a new token with action Run.",
        ResyncStage.Comparing or ResyncStage.Finishing => "It runs. The recovery points stay.",
        _ => "The recovery points stay.",
    };

    private static string Bytes(long lengthBytes) => lengthBytes switch
    {
        >= 1L << 40 => Unit(lengthBytes, 1L << 40, "TiB"),
        >= 1L << 30 => Unit(lengthBytes, 1L << 30, "GiB"),
        >= 1L << 20 => Unit(lengthBytes, 1L << 20, "MiB"),
        _ => Unit(lengthBytes, 1L << 10, "KiB"),
    };

    private static string Unit(long lengthBytes, long unit, string name) => string.Create(CultureInfo.InvariantCulture, $"{(double)lengthBytes / unit:0.#} {name}");
}
