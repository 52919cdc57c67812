using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Replication.Bandwidth;

/// <summary>The uploads of one machine: first come, first served. Owned by its <see cref="UploadArbiter"/>.</summary>
public sealed class UploadLane
{
    /// <summary>Most uploads of one machine at once.</summary>
    public const int MaxConcurrency = 32;

    private readonly LinkedList<UploadTicket> _waiting = new();
    private double _finishTag;

    internal UploadLane(BandwidthSchedule schedule, int concurrency, DateTimeOffset now)
    {
        Bucket = new TokenBucket(schedule, now);
        Concurrency = concurrency;
    }

    /// <summary>Uploads at once, 1 to 32.</summary>
    public int Concurrency { get; internal set; }

    /// <summary>It waits neither for bandwidth nor behind other lanes.</summary>
    public bool Bypass { get; internal set; }

    internal TokenBucket Bucket { get; }

    internal int InFlight { get; set; }

    internal UploadTicket? Head => _waiting.First?.Value;

    internal bool IsBusy => InFlight > 0 || _waiting.Count > 0;

    internal void Add(UploadTicket ticket, double virtualTime)
    {
        ticket.StartTag = Math.Max(virtualTime, _finishTag);
        _finishTag = ticket.StartTag + ticket.LengthBytes;
        ticket.Node = _waiting.AddLast(ticket);
    }

    internal bool Remove(UploadTicket ticket)
    {
        if (ticket.Node is not { } node)
            return false;
        _waiting.Remove(node);
        ticket.Node = null;
        return true;
    }
}

/// <summary>One upload that wants to go.</summary>
/// <param name="lane">Its lane.</param>
/// <param name="lengthBytes">What it sends, from 0.</param>
public class UploadTicket(UploadLane lane, long lengthBytes)
{
    /// <summary>Its lane.</summary>
    public UploadLane Lane { get; } = lane;

    /// <summary>What it sends, in bytes.</summary>
    public long LengthBytes { get; } = lengthBytes;

    /// <summary>Bytes that its lane and the arbiter have served before it: the smallest goes first.</summary>
    internal double StartTag { get; set; }

    internal LinkedListNode<UploadTicket>? Node { get; set; }

    /// <summary>It was let through the bypass.</summary>
    internal bool Priority { get; set; }
}
