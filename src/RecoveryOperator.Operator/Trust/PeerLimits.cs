using System.Net;
using System.Threading.RateLimiting;

namespace RecoveryOperator.Operator.Trust;

/// <summary>How often the ports may be called, by all and by one peer. The total comes first, so that the number of known peers is bounded too.</summary>
internal sealed class PeerLimits : IDisposable
{
    private const int PrefixBytes = 8; // IPv6: whoever has one address has its /64.

    private readonly TokenBucketRateLimiter _total = new(Bucket(60, 20));
    private readonly PartitionedRateLimiter<IPAddress> _peers =
        PartitionedRateLimiter.Create<IPAddress, string>(peer => RateLimitPartition.GetTokenBucketLimiter(PeerOf(peer), _ => Bucket(20, 5)));

    /// <summary>Whether a call may go on.</summary>
    public bool Allows(IPAddress peer)
    {
        using var total = _total.AttemptAcquire();
        if (!total.IsAcquired)
            return false;
        using var own = _peers.AttemptAcquire(peer);
        return own.IsAcquired;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _total.Dispose();
        _peers.Dispose();
    }

    private static string PeerOf(IPAddress peer)
    {
        var address = peer.IsIPv4MappedToIPv6 ? peer.MapToIPv4() : peer;
        var bytes = address.GetAddressBytes();
        return Convert.ToHexString(bytes.Length == 16 ? bytes[..PrefixBytes] : bytes);
    }

    private static TokenBucketRateLimiterOptions Bucket(int burst, int perSecond) => new()
    {
        TokenLimit = burst,
        TokensPerPeriod = perSecond,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        QueueLimit = 0,
        AutoReplenishment = true,
    };
}
