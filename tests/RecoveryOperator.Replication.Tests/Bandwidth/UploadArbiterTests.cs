using RecoveryOperator.Replication.Bandwidth;
using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Replication.Tests.Bandwidth;

public class UploadArbiterTests
{
    private static readonly DateTimeOffset _start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_machine_uploads_no_more_at_once_than_it_may()
    {
        UploadArbiter arbiter = Arbiter();
        UploadLane lane = Lane(concurrency: 2);
        UploadTicket[] tickets = Queue(arbiter, lane, 3);

        Assert.Equal(2, Admitted(arbiter).Count);
        arbiter.Complete(tickets[0]);
        Assert.Equal([tickets[2]], Admitted(arbiter));
    }

    [Fact]
    public void More_at_once_is_possible_as_soon_as_it_is_allowed()
    {
        UploadArbiter arbiter = Arbiter();
        UploadLane lane = Lane(concurrency: 1);
        Queue(arbiter, lane, 5);
        Assert.Single(Admitted(arbiter));

        UploadArbiter.Change(lane, BandwidthSchedule.Unlimited, 4, _start);

        Assert.Equal(3, Admitted(arbiter).Count);
    }

    [Fact]
    public void The_host_uploads_no_more_at_once_than_it_may()
    {
        UploadArbiter arbiter = Arbiter(slots: 3);
        UploadTicket[] first = Queue(arbiter, Lane(concurrency: 32), 5);
        Queue(arbiter, Lane(concurrency: 32), 5);

        Assert.Equal(3, Admitted(arbiter).Count);
        arbiter.Complete(first[0]);
        Assert.Single(Admitted(arbiter));
    }

    [Fact]
    public void A_machine_with_many_segments_takes_no_more_than_its_share()
    {
        UploadArbiter arbiter = Arbiter(slots: 1);
        UploadLane greedy = Lane(concurrency: 32);
        UploadLane modest = Lane(concurrency: 1);
        Queue(arbiter, greedy, 100, lengthBytes: 1000);
        Queue(arbiter, modest, 10, lengthBytes: 1000);

        List<UploadLane> order = [];
        while (arbiter.Admit(_start) is { } ticket)
        {
            order.Add(ticket.Lane);
            arbiter.Complete(ticket);
        }

        Assert.Equal(110, order.Count);
        Assert.InRange(order.Take(20).Count(lane => lane == modest), 9, 10);
    }

    [Fact]
    public void Who_was_idle_is_owed_nothing()
    {
        UploadArbiter arbiter = Arbiter(slots: 1);
        UploadLane busy = Lane();
        Queue(arbiter, busy, 100, lengthBytes: 1000);
        for (int count = 0; count < 50; count++)
            arbiter.Complete(arbiter.Admit(_start)!);

        UploadLane late = Lane();
        Queue(arbiter, late, 50, lengthBytes: 1000);
        List<UploadLane> order = [];
        for (int count = 0; count < 20; count++)
        {
            UploadTicket ticket = arbiter.Admit(_start)!;
            order.Add(ticket.Lane);
            arbiter.Complete(ticket);
        }

        Assert.InRange(order.Count(lane => lane == late), 9, 11);
    }

    [Fact]
    public void A_large_segment_is_not_starved_by_small_ones()
    {
        UploadArbiter arbiter = Arbiter(host: 1000);
        UploadLane small = Lane(concurrency: 32);
        UploadLane large = Lane();
        Queue(arbiter, small, 1000, lengthBytes: 100);
        UploadTicket[] wanted = Queue(arbiter, large, 1, lengthBytes: 16_000);

        (DateTimeOffset now, List<UploadTicket> gone) = Run(arbiter, _start, TimeSpan.FromSeconds(5));

        Assert.Contains(wanted[0], gone);
        Assert.True(now <= _start.AddSeconds(5));
    }

    [Fact]
    public void Host_and_machine_keep_their_limits_both()
    {
        UploadArbiter arbiter = Arbiter(host: 3000);
        UploadLane limited = Lane(concurrency: 32, bytesPerSecond: 1000);
        UploadLane free = Lane(concurrency: 32);
        Queue(arbiter, limited, 1000, lengthBytes: 500);
        Queue(arbiter, free, 1000, lengthBytes: 500);

        (_, List<UploadTicket> gone) = Run(arbiter, _start, TimeSpan.FromSeconds(60));

        Assert.InRange(gone.Where(ticket => ticket.Lane == limited).Sum(ticket => ticket.LengthBytes), 59_000, 61_500);
        Assert.InRange(gone.Sum(ticket => ticket.LengthBytes), 179_000, 183_500);
    }

    [Fact]
    public void A_lane_that_bypasses_waits_neither_for_bandwidth_nor_behind_others()
    {
        UploadArbiter arbiter = Arbiter(slots: 1, host: 10);
        UploadLane busy = Lane(concurrency: 4);
        UploadLane urgent = Lane(concurrency: 4, bytesPerSecond: 1);
        Queue(arbiter, busy, 10, lengthBytes: 1000);
        Admitted(arbiter);
        Queue(arbiter, urgent, 3, lengthBytes: 1_000_000);
        Assert.Empty(Admitted(arbiter));

        UploadArbiter.SetBypass(urgent, true);

        // The third one waits for one of the two slots that are kept for this.
        List<UploadTicket> first = Admitted(arbiter);
        Assert.Equal(2, first.Count);
        Assert.All(first, ticket => Assert.Equal(urgent, ticket.Lane));
        arbiter.Complete(first[0]);
        Assert.Single(Admitted(arbiter));
    }

    [Fact]
    public void What_waits_goes_as_soon_as_the_limit_is_raised()
    {
        UploadArbiter arbiter = Arbiter(host: 1);
        UploadLane lane = Lane();
        UploadTicket[] tickets = Queue(arbiter, lane, 2, lengthBytes: 1_000_000);
        Assert.Single(Admitted(arbiter));
        Assert.True(arbiter.WakeAt(_start) > _start.AddDays(1));

        arbiter.Change(new BandwidthSchedule(10_000_000, [], TimeZoneInfo.Utc), _start);

        Assert.True(arbiter.WakeAt(_start) <= _start.AddSeconds(1));
        Assert.Equal([tickets[1]], Run(arbiter, _start, TimeSpan.FromSeconds(1.1)).Gone);
    }

    [Fact]
    public void What_waits_goes_when_the_schedules_next_slot_lets_it()
    {
        UploadArbiter arbiter = new(4, 2, new BandwidthSchedule(1, [new(new DailyWindow((12 * 60) + 1, 13 * 60), [], 0)], TimeZoneInfo.Utc), _start);
        Queue(arbiter, Lane(), 3, lengthBytes: 1_000_000);
        Assert.Single(Admitted(arbiter));

        Assert.Equal(_start.AddMinutes(1), arbiter.WakeAt(_start));
        Assert.Equal(2, Admitted(arbiter, _start.AddMinutes(1)).Count);
    }

    [Fact]
    public void What_was_withdrawn_never_goes_and_what_went_cannot_be_withdrawn()
    {
        UploadArbiter arbiter = Arbiter();
        UploadTicket[] tickets = Queue(arbiter, Lane(concurrency: 1), 3);
        Admitted(arbiter);

        Assert.True(arbiter.Withdraw(tickets[1]));
        Assert.False(arbiter.Withdraw(tickets[0]));
        arbiter.Complete(tickets[0]);
        Assert.Equal([tickets[2]], Admitted(arbiter));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(33)]
    public void One_to_thirty_two_are_allowed(int concurrency) => Assert.Throws<ArgumentOutOfRangeException>(() => Lane(concurrency));

    /// <summary>Lets uploads go and end at once, and moves the clock to whenever something may go next.</summary>
    private static (DateTimeOffset Now, List<UploadTicket> Gone) Run(UploadArbiter arbiter, DateTimeOffset from, TimeSpan duration)
    {
        List<UploadTicket> gone = [];
        DateTimeOffset now = from;
        while (true)
        {
            while (arbiter.Admit(now) is { } ticket)
            {
                gone.Add(ticket);
                arbiter.Complete(ticket);
            }

            if (arbiter.WakeAt(now) is not { } wake || wake > from + duration)
                return (now, gone);
            now = wake;
        }
    }

    private static List<UploadTicket> Admitted(UploadArbiter arbiter, DateTimeOffset? now = null)
    {
        List<UploadTicket> admitted = [];
        while (arbiter.Admit(now ?? _start) is { } ticket)
            admitted.Add(ticket);
        return admitted;
    }

    private static UploadTicket[] Queue(UploadArbiter arbiter, UploadLane lane, int count, long lengthBytes = 1)
    {
        UploadTicket[] tickets = [.. Enumerable.Range(0, count).Select(_ => new UploadTicket(lane, lengthBytes))];
        foreach (UploadTicket ticket in tickets)
            arbiter.Enqueue(ticket);
        return tickets;
    }

    private static UploadArbiter Arbiter(int slots = 64, long host = 0) => new(slots, 2, new BandwidthSchedule(host, [], TimeZoneInfo.Utc), _start);

    private static UploadLane Lane(int concurrency = 4, long bytesPerSecond = 0) =>
        UploadArbiter.Open(new BandwidthSchedule(bytesPerSecond, [], TimeZoneInfo.Utc), concurrency, _start);
}
