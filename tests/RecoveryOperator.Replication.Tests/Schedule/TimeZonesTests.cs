using RecoveryOperator.Replication.Schedule;

namespace RecoveryOperator.Replication.Tests.Schedule;

public class TimeZonesTests
{
    [Theory]
    [InlineData(null, "UTC")]
    [InlineData("", "UTC")]
    [InlineData("Europe/Zurich", "Europe/Zurich")]
    public void A_zone_is_found_by_its_name(string? name, string id)
    {
        Assert.True(TimeZones.TryFind(name, out TimeZoneInfo? zone));
        Assert.Equal(id, zone.Id);
    }

    [Fact]
    public void A_zone_that_nobody_knows_is_not_found() => Assert.False(TimeZones.TryFind("Europe/Atlantis", out _));
}
