namespace RecoveryOperator.DataPath.Tests;

public sealed class ProtectionIdTests
{
    [Theory]
    [InlineData("00112233445566778899aabbccddeeff")]
    [InlineData("ffffffffffffffffffffffffffffffff")]
    [InlineData("00000000000000000000000000000001")]
    public void Text_and_bytes_are_the_same_id(string text)
    {
        ProtectionId id = ProtectionId.Parse(text);
        byte[] bytes = new byte[ProtectionId.LengthBytes];
        id.Write(bytes);

        Assert.Equal(text, id.ToString());
        Assert.Equal(text, Convert.ToHexStringLower(bytes));
        Assert.Equal(id, ProtectionId.Read(bytes));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00112233445566778899aabbccddeef")]
    [InlineData("00112233445566778899AABBCCDDEEFF")]
    [InlineData("00112233-4455-6677-8899-aabbccddeeff")]
    [InlineData(" 0112233445566778899aabbccddeeff")]
    public void Other_text_is_refused(string text) => Assert.Throws<FormatException>(() => ProtectionId.Parse(text));

    [Fact]
    public void The_id_is_the_front_of_the_names_SHA256() =>
        Assert.Equal("f851bf97c385c74f7dce69c66c0d0f4d", ProtectionId.Compute("prefix", "shop", "db-1").ToString());
}
