using RecoveryOperator.Kubernetes.Status;

namespace RecoveryOperator.Kubernetes.Tests.Status;

public sealed class StatusValuesTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("", "")]
    [InlineData("abc", "abc")]
    [InlineData("abcd", "abc")]
    [InlineData("ab\U0001F600", "ab")]
    [InlineData("a\U0001F600b", "a\U0001F600")]
    public void A_text_is_cut_to_what_a_field_takes_and_no_character_in_two(string? text, string? cut) => Assert.Equal(cut, text.Cut(3));

    [Fact]
    public void A_time_is_kept_as_the_second_that_it_lies_in_in_UTC()
    {
        var time = new DateTimeOffset(2026, 1, 31, 12, 30, 45, 999, TimeSpan.FromHours(2));

        Assert.Equal(new DateTimeOffset(2026, 1, 31, 10, 30, 45, TimeSpan.Zero), time.WholeSeconds());
        Assert.Equal(TimeSpan.Zero, time.WholeSeconds().Offset);
        Assert.Null(((DateTimeOffset?)null).WholeSeconds());
    }
}
