using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.Capture;

public sealed class ExtentTests
{
    private const int Block = BlockSize.Bytes;
    private const long DiskSizeBytes = (10 * Block) + 100;

    [Fact]
    public async Task Extents_are_widened_to_blocks_and_merged_where_they_touch_or_overlap()
    {
        Extent[] merged = await MergeAsync(
            new(1, 1), new(Block - 1, 2), new(5 * Block, Block), new(5 * Block, 1), new(6 * Block, 1), new(9 * Block, 10));

        Assert.Equal([new Extent(0, 2 * Block), new Extent(5 * Block, 2 * Block), new Extent(9 * Block, Block)], merged);
    }

    [Fact]
    public async Task An_extent_within_another_adds_nothing()
    {
        Assert.Equal([new Extent(0, 8 * Block)], await MergeAsync(new(0, 8 * Block), new(Block, 10), new(2 * Block, Block)));
    }

    [Fact]
    public async Task Extents_end_at_the_disks_end()
    {
        Assert.Equal([new Extent(10 * Block, 100)], await MergeAsync(new Extent(DiskSizeBytes - 1, 1)));
        Assert.Equal([new Extent(9 * Block, Block + 100)], await MergeAsync(new Extent(9 * Block, long.MaxValue - (9 * Block))));
    }

    [Fact]
    public async Task What_lies_below_the_start_is_left_out()
    {
        Extent[] merged = [.. await AlignedExtents.MergeAsync(
            new Extent[] { new(0, Block), new(2 * Block, 3 * Block), new(8 * Block, 1) }.ToAsyncEnumerable(),
            DiskSizeBytes, 4 * Block, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken)];

        Assert.Equal([new Extent(4 * Block, Block), new Extent(8 * Block, Block)], merged);
    }

    [Theory]
    [InlineData(-1, 10)]
    [InlineData(0, 0)]
    [InlineData(0, -5)]
    [InlineData(DiskSizeBytes, 1)]
    public async Task An_extent_that_is_not_on_the_disk_is_refused(long offset, long length)
    {
        InvalidDataException fault = await Assert.ThrowsAsync<InvalidDataException>(() => MergeAsync(new Extent(offset, length)));

        Assert.Contains("resynchronize", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Extents_out_of_order_are_refused()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => MergeAsync(new(5 * Block, 1), new(0, 1)));
    }

    [Fact]
    public async Task Nothing_changed_reads_nothing_and_makes_no_segment()
    {
        using CaptureFixture fixture = new();
        MemoryDisk source = new(DiskSizeBytes);

        CapturedDisk captured = await fixture.CaptureAsync(source, []);

        Assert.Equal((0, 0, 0, 0, 0L), (captured.Segments.Count, captured.ReadBytes, captured.ChangedBytes, captured.StoredBytes, captured.CoveredThroughBytes));
        Assert.Equal(0, source.ReadBytes);
        Assert.Empty(fixture.Files());
    }

    private static async Task<Extent[]> MergeAsync(params Extent[] extents) =>
        await AlignedExtents.MergeAsync(extents.ToAsyncEnumerable(), DiskSizeBytes, 0, TestContext.Current.CancellationToken)
            .ToArrayAsync(TestContext.Current.CancellationToken);
}
