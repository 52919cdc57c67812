using System.Security.Cryptography;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.ChangeLogs;

public sealed class GoldenSegmentTests
{
    [Fact]
    public void A_segment_assembled_by_hand_from_the_specification_is_read()
    {
        byte[] disk = SmallSegment.DiskContent();

        List<(ChangeLogRecordKind Kind, Extent Range, byte[] Content)> records = SmallSegment.Read(SmallSegment.Bytes, out ChangeLogDamageException? damage);

        Assert.Null(damage);
        Assert.Collection(
            records,
            record => Assert.Equal((ChangeLogRecordKind.Data, new Extent(0, 2 * BlockSize.Bytes)), (record.Kind, record.Range)),
            record => Assert.Equal((ChangeLogRecordKind.Zero, new Extent(2 * BlockSize.Bytes, BlockSize.Bytes)), (record.Kind, record.Range)),
            record => Assert.Equal((ChangeLogRecordKind.Data, new Extent(3 * BlockSize.Bytes, 40)), (record.Kind, record.Range)));
        Assert.Equal(disk[..(2 * BlockSize.Bytes)], records[0].Content);
        Assert.Equal(disk[(3 * BlockSize.Bytes)..], records[2].Content);
    }

    [Fact]
    public async Task The_capture_writes_the_very_bytes_that_the_specification_gives()
    {
        using CaptureFixture fixture = new();
        MemoryDisk source = new(SmallSegment.DiskContent());

        var captured = await fixture.CaptureAsync(source, [new Extent(0, source.SizeBytes)]);

        Memory<byte> written = await CaptureFixture.ReadAsync(Assert.Single(captured.Segments));
        Assert.Equal(SmallSegment.Bytes, written.ToArray());
    }

    [Fact]
    public void The_format_stays_what_it_was()
    {
        byte[] content = new byte[100];
        for (int index = 0; index < content.Length; index++)
            content[index] = (byte)(index * 7);
        byte[] segment = new SegmentBytes(BlockSize.Bytes + 100).Zeros(0, BlockSize.Bytes).Data(BlockSize.Bytes, content).End();

        Assert.Equal(128 + 48 + (48 + 16 + 100) + (48 + 16), segment.Length);
        Assert.Equal("8db25c2db304d4fa670c6f97f6ab45716a48c82980d85f510c98cfb8a2a376c5", Convert.ToHexStringLower(SHA256.HashData(segment)));
        Assert.Equal(2, SmallSegment.Read(segment, out ChangeLogDamageException? damage).Count);
        Assert.Null(damage);
    }

    [Fact]
    public void A_segment_may_have_no_records()
    {
        byte[] segment = new SegmentBytes(1).End();

        Assert.Empty(SmallSegment.Read(segment, out ChangeLogDamageException? damage));
        Assert.Null(damage);
    }

    [Fact]
    public void The_longest_segment_is_as_long_as_the_specification_says() =>
        Assert.Equal(17_826_192, ChangeLogConstants.MaxSegmentLengthBytes);
}
