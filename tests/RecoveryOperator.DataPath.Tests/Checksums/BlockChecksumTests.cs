using RecoveryOperator.DataPath.Checksums;

namespace RecoveryOperator.DataPath.Tests.Checksums;

public sealed class BlockChecksumTests
{
    [Fact]
    public void The_checksum_is_XXH128_with_seed_zero_in_canonical_form()
    {
        byte[] checksum = new byte[16];
        BlockChecksum.Compute([], checksum);

        Assert.Equal("99aa06d3014798d86001c324468d497f", Convert.ToHexStringLower(checksum));
    }

    [Fact]
    public void One_byte_that_is_not_zero_is_seen_wherever_it_is()
    {
        byte[] content = new byte[1025];
        Assert.True(BlockChecksum.IsZero(content));
        for (int position = 0; position < content.Length; position++)
        {
            content[position] = 0x80;
            Assert.False(BlockChecksum.IsZero(content));
            content[position] = 0;
        }
    }

    [Fact]
    public void A_short_last_block_has_a_checksum_of_the_bytes_that_exist()
    {
        byte[] content = new byte[BlockSize.Bytes + 10];
        content[^1] = 1;
        byte[] checksums = new byte[32];
        byte[] last = new byte[16];

        Assert.Equal(32, BlockChecksum.ComputeAll(content, checksums));
        BlockChecksum.Compute(content.AsSpan(BlockSize.Bytes), last);

        Assert.Equal(last, checksums[16..]);
        Assert.Equal(-1, BlockChecksum.FindMismatch(content, checksums));
        checksums[31] ^= 1;
        Assert.Equal(1, BlockChecksum.FindMismatch(content, checksums));
    }
}
