using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Replication.Tests.Protection;

public class StartTimeTests
{
    private static readonly TimeZoneInfo Amsterdam = TimeZoneInfo.FindSystemTimeZoneById("Europe/Amsterdam");

    [Theory]
    [InlineData("2026-01-10T12:00:00Z", "18:30", "2026-01-10T17:30:00Z")] // Winter: one hour ahead.
    [InlineData("2026-07-10T12:00:00Z", "18:30", "2026-07-10T16:30:00Z")] // Summer: two.
    [InlineData("2026-01-10T18:00:00Z", "18:30", "2026-01-11T17:30:00Z")] // Past today: tomorrow.
    [InlineData("2026-01-10T17:30:00Z", "18:30", "2026-01-10T17:30:00Z")] // Right now.
    [InlineData("2026-03-28T23:00:00Z", "02:30", "2026-03-29T01:30:00Z")] // A time that the change of clocks skips.
    public void The_time_of_day_is_the_sites(string from, string timeOfDay, string expected) =>
        Assert.Equal(
            DateTimeOffset.Parse(expected, null),
            StartTime.FirstAfter(DateTimeOffset.Parse(from, null), TimeOnly.Parse(timeOfDay, null), Amsterdam));
}
