using RecoveryOperator.Api.Common;

namespace RecoveryOperator.Api.Tests.Common;

public class ByteQuantityTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1000", 1000)]
    [InlineData("10k", 10_000)]
    [InlineData("10Ki", 10_240)]
    [InlineData("1.5Mi", 1_572_864)]
    [InlineData("2G", 2_000_000_000)]
    [InlineData("1Ti", 1L << 40)]
    [InlineData("0.3", 1)]
    public void Amounts_are_those_of_kubernetes(string text, long lengthBytes)
    {
        Assert.True(ByteQuantity.TryParse(text, out var read));
        Assert.Equal(lengthBytes, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Mi")]
    [InlineData("-1")]
    [InlineData("1,5M")]
    [InlineData("10m")]
    [InlineData("10 M")]
    [InlineData("1e3")]
    [InlineData("99999999999999999999999999999")]
    [InlineData("99999Ti")]
    public void Anything_else_is_none(string? text) => Assert.False(ByteQuantity.TryParse(text, out _));
}
