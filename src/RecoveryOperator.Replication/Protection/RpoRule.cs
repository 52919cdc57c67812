namespace RecoveryOperator.Replication.Protection;

/// <summary>The recovery point objective as a band, from what the vault holds.</summary>
public static class RpoRule
{
    /// <summary>Clocks may differ by this much; a point of a later time than that is of a host whose clock is wrong.</summary>
    private static readonly TimeSpan _skewTolerance = TimeSpan.FromMinutes(1);

    /// <summary>The band now. Unknown from a failover on: no point is made of the machine where it runs. Unknown, too, when the newest point claims to be of the future: its age is not known.</summary>
    public static RpoBand Band(VaultFacts vault, TimeSpan copyFrequency, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(vault);
        if (vault.Knowledge != VaultKnowledge.Ours || vault.Failover != FailoverState.None || vault.LatestPoint is not { } latest || latest > now + _skewTolerance)
            return RpoBand.Unknown;
        var age = now - latest;
        if (age >= 3 * copyFrequency)
            return RpoBand.Over3x;
        return age > 2 * copyFrequency ? RpoBand.Over2x : RpoBand.Met;
    }

    /// <summary>When the band changes by itself if no newer point comes; null when it cannot.</summary>
    public static DateTimeOffset? NextEdge(VaultFacts vault, TimeSpan copyFrequency, DateTimeOffset now) =>
        Band(vault, copyFrequency, now) switch
        {
            RpoBand.Met => vault.LatestPoint + (2 * copyFrequency) + TimeSpan.FromMilliseconds(1),
            RpoBand.Over2x => vault.LatestPoint + (3 * copyFrequency),
            _ => null,
        };
}
