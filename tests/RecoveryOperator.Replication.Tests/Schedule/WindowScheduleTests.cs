using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Replication.Tests.Schedule;

public class WindowScheduleTests
{
    [Theory]
    // A night in winter, one hour ahead of UTC.
    [InlineData("Europe/Zurich", "18:30", "06:00", "2026-01-10T17:29:59Z", false, "2026-01-10T17:30:00Z")]
    [InlineData("Europe/Zurich", "18:30", "06:00", "2026-01-10T17:30:00Z", true, "2026-01-11T05:00:00Z")]
    [InlineData("Europe/Zurich", "18:30", "06:00", "2026-01-11T04:59:59Z", true, "2026-01-11T05:00:00Z")]
    [InlineData("Europe/Zurich", "18:30", "06:00", "2026-01-11T05:00:00Z", false, "2026-01-11T17:30:00Z")]
    // The night in which summer time begins is an hour short, the one in which it ends an hour long.
    [InlineData("Europe/Zurich", "18:30", "06:00", "2026-03-28T17:30:00Z", true, "2026-03-29T04:00:00Z")]
    [InlineData("Europe/Zurich", "18:30", "06:00", "2026-10-24T16:30:00Z", true, "2026-10-25T05:00:00Z")]
    // 02:00 to 03:00 is skipped: what starts in it starts at 03:00, what ends in it ends there.
    [InlineData("Europe/Zurich", "02:30", "04:00", "2026-03-29T00:59:59Z", false, "2026-03-29T01:00:00Z")]
    [InlineData("Europe/Zurich", "02:30", "04:00", "2026-03-29T01:00:00Z", true, "2026-03-29T02:00:00Z")]
    [InlineData("Europe/Zurich", "01:00", "02:30", "2026-03-29T00:59:59Z", true, "2026-03-29T01:00:00Z")]
    [InlineData("Europe/Zurich", "02:10", "02:50", "2026-03-29T00:00:00Z", false, "2026-03-30T00:10:00Z")]
    // 02:00 to 03:00 comes twice: the first one counts.
    [InlineData("Europe/Zurich", "02:10", "02:50", "2026-10-25T00:10:00Z", true, "2026-10-25T00:50:00Z")]
    [InlineData("Europe/Zurich", "02:10", "02:50", "2026-10-25T01:10:00Z", false, "2026-10-26T01:10:00Z")]
    [InlineData("Europe/Zurich", "02:30", "04:00", "2026-10-25T00:30:00Z", true, "2026-10-25T03:00:00Z")]
    // Half an hour, in the southern spring (4 October) and autumn (5 April).
    [InlineData("Australia/Lord_Howe", "02:15", "05:00", "2026-10-03T15:29:59Z", false, "2026-10-03T15:30:00Z")]
    [InlineData("Australia/Lord_Howe", "02:15", "05:00", "2026-10-03T15:30:00Z", true, "2026-10-03T18:00:00Z")]
    [InlineData("Australia/Lord_Howe", "01:30", "01:45", "2026-04-04T14:30:00Z", true, "2026-04-04T14:45:00Z")]
    [InlineData("Australia/Lord_Howe", "01:30", "01:45", "2026-04-04T15:00:00Z", false, "2026-04-05T15:00:00Z")]
    // The southern hemisphere, and a zone whose clocks change at midnight.
    [InlineData("America/Santiago", "22:00", "01:30", "2026-09-06T02:00:00Z", true, "2026-09-06T04:30:00Z")]
    [InlineData("Australia/Sydney", "02:30", "03:30", "2026-10-03T16:00:00Z", true, "2026-10-03T16:30:00Z")]
    [InlineData("Etc/UTC", "00:00", "00:01", "2026-03-29T00:00:00Z", true, "2026-03-29T00:01:00Z")]
    [InlineData("Etc/UTC", "23:59", "00:00", "2026-03-29T00:00:00Z", false, "2026-03-29T23:59:00Z")]
    // A whole day that was left out of the calendar.
    [InlineData("Pacific/Apia", "12:00", "13:00", "2011-12-30T10:00:00Z", false, "2011-12-30T22:00:00Z")]
    public void It_is_open_and_changes_at(string zone, string start, string end, string at, bool open, string changes)
    {
        WindowSchedule schedule = new(Window(start, end), TimeZoneInfo.FindSystemTimeZoneById(zone));

        Assert.Equal(new WindowState(open, Instant(changes)), schedule.At(Instant(at)));
    }

    [Fact]
    public void A_window_that_ends_as_it_starts_never_closes() =>
        Assert.Equal(new WindowState(true, null), new WindowSchedule(Window("08:00", "08:00"), TimeZoneInfo.Utc).At(Instant("2026-01-01T00:00:00Z")));

    [Theory]
    [InlineData("2026-03-06T17:59:00Z", false, "2026-03-06T18:00:00Z")] // Friday
    [InlineData("2026-03-07T03:00:00Z", true, "2026-03-07T06:00:00Z")] // Saturday, in Friday's window
    [InlineData("2026-03-07T19:00:00Z", false, "2026-03-09T18:00:00Z")] // Saturday evening: Monday is next
    public void The_day_on_which_it_starts_decides(string at, bool open, string changes)
    {
        WindowSchedule weekdays = new(
            Window("18:00", "06:00"), TimeZoneInfo.Utc, [DayOfWeek.Monday, DayOfWeek.Tuesday, DayOfWeek.Wednesday, DayOfWeek.Thursday, DayOfWeek.Friday]);

        Assert.Equal(new WindowState(open, Instant(changes)), weekdays.At(Instant(at)));
    }

    [Fact]
    public void Whole_days_that_follow_each_other_are_one_window()
    {
        WindowSchedule weekend = new(Window("00:00", "00:00"), TimeZoneInfo.Utc, [DayOfWeek.Saturday, DayOfWeek.Sunday]);

        Assert.Equal(new WindowState(true, Instant("2026-03-09T00:00:00Z")), weekend.At(Instant("2026-03-07T10:00:00Z")));
        Assert.Equal(new WindowState(false, Instant("2026-03-14T00:00:00Z")), weekend.At(Instant("2026-03-09T00:00:00Z")));
    }

    [Theory]
    [InlineData("Europe/Zurich")]
    [InlineData("Australia/Lord_Howe")]
    [InlineData("America/Sao_Paulo")]
    [InlineData("America/Santiago")]
    [InlineData("Asia/Beirut")]
    [InlineData("Africa/Casablanca")]
    [InlineData("Europe/Dublin")]
    [InlineData("Pacific/Apia")]
    [InlineData("Antarctica/Troll")]
    public void It_agrees_with_somebody_who_watches_the_clock(string zoneName)
    {
        TimeZoneInfo zone = TimeZoneInfo.FindSystemTimeZoneById(zoneName);
        int seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        foreach (DateTimeOffset change in ClockChanges(zone).TakeLast(12))
        {
            for (int round = 0; round < 6; round++)
            {
                DailyWindow window = new(random.Next(288) * 5, random.Next(288) * 5);
                DayOfWeek[] weekdays = [.. Enum.GetValues<DayOfWeek>().Where(_ => random.Next(2) == 0)];
                if (weekdays.Length > 0 || window.StartMinute != window.EndMinute)
                    Compare(new WindowSchedule(window, zone, weekdays), new ClockWatcher(window, zone, weekdays, change.AddDays(-3), change.AddDays(2)), change, random);
            }
        }
    }

    private static void Compare(WindowSchedule schedule, ClockWatcher watcher, DateTimeOffset change, Random random)
    {
        for (int probe = 0; probe < 10; probe++)
        {
            DateTimeOffset at = change.AddMinutes(random.Next(-600, 600));
            WindowState state = schedule.At(at);
            Assert.Equal(watcher.OpenAt(at), state.Open);
            if (state.ChangesAt is { } next && next < change.AddDays(2))
                Assert.Equal((!state.Open, state.Open), (watcher.OpenAt(next), watcher.OpenAt(next.AddMinutes(-1))));
        }
    }

    private static IEnumerable<DateTimeOffset> ClockChanges(TimeZoneInfo zone)
    {
        DateTimeOffset end = Instant("2027-01-01T00:00:00Z");
        for (DateTimeOffset at = Instant("2008-01-01T00:00:00Z"); at < end; at = at.AddMinutes(30))
        {
            if (zone.GetUtcOffset(at) != zone.GetUtcOffset(at.AddMinutes(-30)))
                yield return at;
        }
    }

    private static DailyWindow Window(string start, string end) => new(Minute(start), Minute(end));

    private static int Minute(string time) => (int)TimeOnly.Parse(time, null).ToTimeSpan().TotalMinutes;

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, null);
}
