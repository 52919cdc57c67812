using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Tests.Common;

public class GoDurationTests
{
    [Theory]
    [InlineData("30s", 30)]
    [InlineData("5m", 300)]
    [InlineData("1h30m", 5400)]
    [InlineData("0.5h", 1800)]
    [InlineData("1500ms", 1.5)]
    public void A_duration_is_read_as_Go_reads_it(string text, double seconds)
    {
        Assert.True(GoDuration.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("30")]
    [InlineData("s")]
    [InlineData("-5m")]
    [InlineData("0s")]
    [InlineData("5 m")]
    [InlineData("1d")]
    [InlineData("1..5s")]
    [InlineData("99999999999999999999h")]
    public void What_is_no_positive_duration_is_refused(string? text) => Assert.False(GoDuration.TryParse(text, out _));

    [Theory]
    [InlineData(90, "1m30s")]
    [InlineData(86400, "24h")]
    [InlineData(0, "0s")]
    public void A_duration_is_written_without_empty_parts(int seconds, string text) =>
        Assert.Equal(text, GoDuration.Format(TimeSpan.FromSeconds(seconds)));
}
