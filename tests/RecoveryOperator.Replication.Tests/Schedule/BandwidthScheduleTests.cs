using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Replication.Tests.Schedule;

public class BandwidthScheduleTests
{
    private static readonly TimeZoneInfo _zurich = TimeZoneInfo.FindSystemTimeZoneById("Europe/Zurich");

    private static readonly DayOfWeek[] _workdays =
        [DayOfWeek.Monday, DayOfWeek.Tuesday, DayOfWeek.Wednesday, DayOfWeek.Thursday, DayOfWeek.Friday];

    /// <summary>Office hours 5, the lunch break before them in precedence 20, nights unlimited, otherwise 50.</summary>
    private static readonly BandwidthSchedule _schedule = new(
        50,
        [
            new(new DailyWindow(12 * 60, 13 * 60), _workdays, 20),
            new(new DailyWindow(8 * 60, 18 * 60), _workdays, 5),
            new(new DailyWindow(22 * 60, 5 * 60), [], 0),
        ],
        _zurich);

    [Theory]
    [InlineData("2026-01-12T06:59:59Z", 50, "2026-01-12T07:00:00Z")] // Monday
    [InlineData("2026-01-12T07:00:00Z", 5, "2026-01-12T11:00:00Z")]
    [InlineData("2026-01-12T11:00:00Z", 20, "2026-01-12T12:00:00Z")]
    [InlineData("2026-01-12T12:00:00Z", 5, "2026-01-12T17:00:00Z")]
    [InlineData("2026-01-12T17:00:00Z", 50, "2026-01-12T21:00:00Z")]
    [InlineData("2026-01-12T21:00:00Z", 0, "2026-01-13T04:00:00Z")]
    [InlineData("2026-01-17T09:00:00Z", 50, "2026-01-17T21:00:00Z")] // Saturday
    [InlineData("2026-03-29T02:59:00Z", 0, "2026-03-29T03:00:00Z")] // the short night
    [InlineData("2026-07-13T06:00:00Z", 5, "2026-07-13T10:00:00Z")] // summer
    public void The_first_open_slot_decides(string at, long limit, string until) =>
        Assert.Equal(new BandwidthState(limit, Instant(until)), _schedule.At(Instant(at)));

    [Fact]
    public void Without_slots_the_default_holds_for_ever() =>
        Assert.Equal(new BandwidthState(7, null), new BandwidthSchedule(7, [], _zurich).At(Instant("2026-01-12T06:59:59Z")));

    [Fact]
    public void Nothing_changes_before_the_schedule_says_so()
    {
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        DateTimeOffset start = Instant("2026-03-20T00:00:00Z");
        for (int round = 0; round < 100; round++)
        {
            BandwidthSchedule schedule = new(random.Next(100), [.. Enumerable.Range(0, random.Next(4)).Select(_ => Slot(random))], _zurich);
            BandwidthState state = schedule.At(start);
            for (DateTimeOffset at = start; at < start.AddDays(16); at = at.AddMinutes(5))
            {
                if (state.HoldsUntil is { } until && at >= until)
                    state = schedule.At(at);
                Assert.Equal(schedule.At(at).BytesPerSecond, state.BytesPerSecond);
            }
        }
    }

    [Fact]
    public void A_negative_limit_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new BandwidthSchedule(-1, [], _zurich));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BandwidthSchedule(0, [new(DailyWindow.Always, [], -1)], _zurich));
    }

    private static BandwidthSlot Slot(Random random) =>
        new(new DailyWindow(random.Next(288) * 5, random.Next(288) * 5), [.. Enum.GetValues<DayOfWeek>().Where(_ => random.Next(3) == 0)], random.Next(100));

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, null);
}
