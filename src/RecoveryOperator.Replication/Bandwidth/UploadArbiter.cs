using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Replication.Bandwidth;

/// <summary>
/// Decides which uploads of a host go now. Each lane (machine) has its own limit and concurrency, the host has both for all of them; among lanes that
/// may go, the one that was served the fewest bytes goes first (start-time fair queuing), so that a machine with many segments takes no more than its share.
/// A lane that bypasses waits for no bandwidth and has slots of its own, which bound memory. No clock of its own, not for concurrent use.
/// </summary>
/// <param name="slots">Uploads at once of all lanes, from 1.</param>
/// <param name="prioritySlots">Uploads at once, beside those, of lanes that bypass, from 1.</param>
/// <param name="host">Bandwidth of all lanes together.</param>
/// <param name="now">The time.</param>
public sealed class UploadArbiter(int slots, int prioritySlots, BandwidthSchedule host, DateTimeOffset now)
{
    private readonly TokenBucket _bucket = new(host, now);
    private readonly HashSet<UploadLane> _busy = [];
    private int _inFlight;
    private int _priorityInFlight;
    private double _virtualTime;

    /// <summary>A new lane.</summary>
    public static UploadLane Open(BandwidthSchedule schedule, int concurrency, DateTimeOffset now) => new(schedule, Checked(concurrency), now);

    /// <summary>Takes another limit for all lanes together.</summary>
    public void Change(BandwidthSchedule schedule, DateTimeOffset now) => _bucket.Change(schedule, now);

    /// <summary>Takes other limits for a lane.</summary>
    public static void Change(UploadLane lane, BandwidthSchedule schedule, int concurrency, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(lane);
        lane.Bucket.Change(schedule, now);
        lane.Concurrency = Checked(concurrency);
    }

    /// <summary>Lets a lane pass the queue, or not any more.</summary>
    public static void SetBypass(UploadLane lane, bool bypass)
    {
        ArgumentNullException.ThrowIfNull(lane);
        lane.Bypass = bypass;
    }

    /// <summary>Queues an upload.</summary>
    public void Enqueue(UploadTicket ticket)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        ticket.Lane.Add(ticket, _virtualTime);
        _busy.Add(ticket.Lane);
    }

    /// <summary>Takes an upload out of the queue.</summary>
    /// <returns>False when it had been let through.</returns>
    public bool Withdraw(UploadTicket ticket)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        return ticket.Lane.Remove(ticket) && Settle(ticket.Lane);
    }

    /// <summary>An upload that was let through has ended.</summary>
    public void Complete(UploadTicket ticket)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        ticket.Lane.InFlight--;
        if (ticket.Priority)
            _priorityInFlight--;
        else
            _inFlight--;
        Settle(ticket.Lane);
    }

    /// <summary>Lets through the next upload that may go; null when none may.</summary>
    public UploadTicket? Admit(DateTimeOffset now)
    {
        UploadTicket? next = null;
        foreach (UploadLane lane in _busy)
        {
            if (lane.Head is { } head && MayGo(head, now) && (next is null || Goes(head, before: next)))
                next = head;
        }

        // Whose turn it is was decided before: smaller uploads of others must not keep the bucket from ever filling for a large one.
        if (next is null || (!next.Lane.Bypass && _bucket.ReadyAt(next.LengthBytes, now) > now))
            return null;
        Let(next, now);
        return next;
    }

    /// <summary>When to ask again although nothing was queued, ended or changed; null: not by itself.</summary>
    public DateTimeOffset? WakeAt(DateTimeOffset now)
    {
        DateTimeOffset? wake = null;
        foreach (UploadLane lane in _busy)
        {
            if (lane.Bypass || lane.Head is not { } head)
                continue;
            DateTimeOffset own = lane.Bucket.ReadyAt(head.LengthBytes, now);
            DateTimeOffset all = _bucket.ReadyAt(head.LengthBytes, now);
            wake = Earlier(wake, own > all ? own : all, now);
            wake = Earlier(wake, lane.Bucket.ChangesAt, now);
            wake = Earlier(wake, _bucket.ChangesAt, now);
        }

        return wake;
    }

    private static int Checked(int concurrency)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(concurrency, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(concurrency, UploadLane.MaxConcurrency);
        return concurrency;
    }

    private static bool Goes(UploadTicket ticket, UploadTicket before) =>
        ticket.Lane.Bypass != before.Lane.Bypass ? ticket.Lane.Bypass : ticket.StartTag < before.StartTag;

    /// <summary>Times that have come already wait for a slot, not for the clock.</summary>
    private static DateTimeOffset? Earlier(DateTimeOffset? wake, DateTimeOffset? candidate, DateTimeOffset now) =>
        candidate is { } at && at > now && (wake is null || at < wake) ? at : wake;

    private bool MayGo(UploadTicket head, DateTimeOffset now)
    {
        UploadLane lane = head.Lane;
        if (lane.InFlight >= lane.Concurrency)
            return false;
        return lane.Bypass
            ? _priorityInFlight < prioritySlots
            : _inFlight < slots && lane.Bucket.ReadyAt(head.LengthBytes, now) <= now;
    }

    private void Let(UploadTicket ticket, DateTimeOffset now)
    {
        UploadLane lane = ticket.Lane;
        lane.Remove(ticket);
        lane.InFlight++;
        ticket.Priority = lane.Bypass;
        if (lane.Bypass)
        {
            _priorityInFlight++;
            return;
        }

        _inFlight++;
        _virtualTime = Math.Max(_virtualTime, ticket.StartTag);
        lane.Bucket.Take(ticket.LengthBytes, now);
        _bucket.Take(ticket.LengthBytes, now);
    }

    private bool Settle(UploadLane lane)
    {
        if (!lane.IsBusy)
            _busy.Remove(lane);
        return true;
    }
}
