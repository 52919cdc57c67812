using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.Capture;

public sealed class EncodingTests
{
    private const int Block = BlockSize.Bytes;

    [Fact]
    public async Task Compressible_data_gets_smaller_and_other_data_stays_as_it_is()
    {
        byte[] content = new byte[32 * Block];
        content.AsSpan(0, 16 * Block).Fill(7);
        new Random(5).NextBytes(content.AsSpan(16 * Block));

        List<ChangeLogFrame> frames = await FramesAsync(content);

        Assert.Equal([ChangeLogCodec.Zstd, ChangeLogCodec.Stored], frames.Select(frame => frame.Codec));
        Assert.True(frames[0].Data.Length < 1024);
        Assert.Equal(16 * Block, frames[1].Data.Length);
    }

    [Fact]
    public async Task No_record_has_more_than_sixteen_blocks()
    {
        List<ChangeLogFrame> frames = await FramesAsync(DiskContent.Random(1, 35 * Block));

        Assert.Equal([16, 16, 3], frames.Select(frame => frame.Range.LengthBytes / Block));
        Assert.Equal([256, 256, 48], frames.Select(frame => frame.Checksums.Length));
    }

    [Fact]
    public async Task Zero_blocks_are_not_stored_and_long_runs_become_one_record()
    {
        byte[] content = new byte[100 * Block];
        content[50 * Block] = 1;

        List<ChangeLogFrame> frames = await FramesAsync(content);

        Assert.Equal(
            [(ChangeLogRecordKind.Zero, 50L), (ChangeLogRecordKind.Data, 1L), (ChangeLogRecordKind.Zero, 49L)],
            frames.Select(frame => (frame.Kind, frame.Range.LengthBytes / Block)));
    }

    [Fact]
    public async Task A_full_copy_to_a_new_replica_can_leave_zero_blocks_out()
    {
        using CaptureFixture fixture = new();
        CapturedDisk captured = await fixture.CaptureAsync(
            new MemoryDisk(100 * Block), [new Extent(0, 100 * Block)], new CaptureRequest(CaptureFixture.Identity) { RecordZeros = false });

        Assert.Empty(captured.Segments);
        Assert.Equal((100 * Block, 100 * Block), (captured.ZeroBytes, captured.CoveredThroughBytes));
    }

    private static async Task<List<ChangeLogFrame>> FramesAsync(byte[] content)
    {
        using CaptureFixture fixture = new();
        CapturedDisk captured = await fixture.CaptureAsync(new MemoryDisk(content), [new Extent(0, content.Length)]);
        ChangeLogFrameReader reader = new(await CaptureFixture.ReadAsync(Assert.Single(captured.Segments)), CaptureFixture.Identity);
        List<ChangeLogFrame> frames = [];
        while (reader.TryRead(out ChangeLogFrame frame))
            frames.Add(frame);

        return frames;
    }
}
