using RecoveryOperator.DataPath.ChangeLogs;

namespace RecoveryOperator.DataPath.Tests.ChangeLogs;

public sealed class SegmentBuffersTests
{
    [Theory]
    [InlineData(2 * 1024 * 1024)]
    [InlineData(ChangeLogConstants.MaxSegmentLengthBytes)]
    public void A_buffer_for_a_large_segment_is_not_rounded_up(int lengthBytes)
    {
        byte[] buffer = SegmentBuffers.Rent(lengthBytes);

        Assert.Equal(ChangeLogConstants.MaxSegmentLengthBytes, buffer.Length);
        SegmentBuffers.Return(buffer);
    }

    [Fact]
    public void A_small_segment_does_not_take_a_large_buffer()
    {
        byte[] buffer = SegmentBuffers.Rent(5000);

        Assert.InRange(buffer.Length, 5000, 64 * 1024);
        SegmentBuffers.Return(buffer);
    }

    [Fact]
    public void Two_buffers_in_use_are_never_the_same()
    {
        byte[] first = SegmentBuffers.Rent(ChangeLogConstants.MaxSegmentLengthBytes);
        byte[] second = SegmentBuffers.Rent(ChangeLogConstants.MaxSegmentLengthBytes);

        Assert.NotSame(first, second);
        SegmentBuffers.Return(first);
        SegmentBuffers.Return(second);
    }

    [Fact]
    public void No_buffer_is_longer_than_the_longest_segment() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => SegmentBuffers.Rent(ChangeLogConstants.MaxSegmentLengthBytes + 1L));
}
