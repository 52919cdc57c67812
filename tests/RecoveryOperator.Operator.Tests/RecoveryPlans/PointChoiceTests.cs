using RecoveryOperator.Operator.RecoveryPlans;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

namespace RecoveryOperator.Operator.Tests.RecoveryPlans;

public sealed class PointChoiceTests
{
    [Theory]
    [InlineData("Latest", true)]
    [InlineData("LatestProcessed", true)]
    [InlineData("LatestAppConsistent", true)]
    [InlineData("2026-01-31T12:00:00Z", true)]
    [InlineData("2026-01-31T12:00:00.5+02:00", true)]
    [InlineData("latest", false)]
    [InlineData("2026-01-31", false)]
    [InlineData("2026-13-31T12:00:00Z", false)]
    [InlineData("12:00", false)]
    [InlineData("2026-01-31T12:00:00", false)]
    [InlineData("", false)]
    public void A_request_is_one_of_three_words_or_a_whole_time(string request, bool valid) => Assert.Equal(valid, new PointChoice(request).IsValid);

    [Theory]
    [InlineData(-1, null)]
    [InlineData(0, 1L)]
    [InlineData(9, 1L)]
    [InlineData(10, 3L)]
    [InlineData(1000, 4L)]
    public void A_time_takes_the_newest_point_at_or_before_it_and_of_two_of_one_instant_the_later(int seconds, long? expected)
    {
        var points = new[] { (1, 0), (2, 10), (3, 10), (4, 20) }.Select(p => Examples.PointAt(p.Item1, Examples.Now.AddSeconds(p.Item2)));

        Assert.Equal(expected, PointChoice.NewestAt(points, Examples.Now.AddSeconds(seconds))?.Sequence);
    }

    [Fact]
    public void Only_Latest_waits_for_what_was_shipped()
    {
        Assert.True(new PointChoice("Latest").NeedsEverythingApplied);
        Assert.False(new PointChoice("LatestProcessed").NeedsEverythingApplied);
    }
}
