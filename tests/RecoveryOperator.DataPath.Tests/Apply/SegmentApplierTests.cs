using RecoveryOperator.DataPath.Apply;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.Apply;

public sealed class SegmentApplierTests
{
    private const int Block = BlockSize.Bytes;
    private const int MiB = 1024 * 1024;

    [Fact]
    public async Task Adjacent_records_become_writes_of_up_to_four_MiB()
    {
        using CaptureFixture fixture = new();
        MemoryDisk source = new(DiskContent.Random(1, 14 * MiB));
        MemoryDisk replica = new(source.SizeBytes);

        await fixture.ApplyAsync(await fixture.CaptureAsync(source, [new Extent(0, 10 * MiB), new Extent(11 * MiB, MiB)]), replica);

        Assert.Equal([new Extent(0, 4 * MiB), new Extent(4 * MiB, 4 * MiB), new Extent(8 * MiB, 2 * MiB), new Extent(11 * MiB, MiB)], replica.Writes);
    }

    [Fact]
    public async Task Applying_twice_or_after_a_stop_at_any_write_changes_nothing_more()
    {
        CountingPool pool = new();
        using CaptureFixture fixture = new() { Pool = pool };
        MemoryDisk source = new(DiskContent.Mixed(new Random(3), (3 * MiB) + 100));
        CapturedDisk captured = await fixture.CaptureAsync(source, [new Extent(0, source.SizeBytes)]);

        MemoryDisk replica = new(DiskContent.Random(4, (int)source.SizeBytes));
        for (int calls = 0; ; calls++)
        {
            StoppingDisk stopping = new(replica, calls);
            if (await Record.ExceptionAsync(() => fixture.ApplyAsync(captured, stopping)) is null)
                break;
            Assert.Equal(0, pool.OutCount);
        }

        Assert.Equal(source.Content, replica.Content);
        Assert.Equal(source.ExpectedChecksums(), replica.Checksums);
        await fixture.ApplyAsync(captured, replica);
        Assert.Equal(source.Content, replica.Content);
        Assert.Equal(source.ExpectedChecksums(), replica.Checksums);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_slow_replica_gets_no_more_writes_and_buffers_than_agreed(int writes)
    {
        CountingPool pool = new();
        using CaptureFixture fixture = new();
        byte[] content = DiskContent.Random(1, 15 * MiB);
        CapturedDisk captured = await fixture.CaptureAsync(new MemoryDisk(content), [new Extent(0, content.Length)]);
        Memory<byte> segment = await CaptureFixture.ReadAsync(Assert.Single(captured.Segments));
        GatedDisk replica = new(new MemoryDisk(content.Length));

        Task<AppliedSegment> applying = new SegmentApplier(pool, writes)
            .ApplyAsync(segment, CaptureFixture.Identity, replica, TestContext.Current.CancellationToken);
        Eventually.IsTrue(() => replica.UnderWay == writes, "all writes are under way");
        replica.Open();
        AppliedSegment applied = await applying;

        Assert.Equal((content.Length, 0), (applied.WrittenBytes, applied.ClearedBytes));
        Assert.Equal(writes, replica.MostUnderWay);
        Assert.Equal(4L * MiB * writes, pool.MostOutBytes);
        Assert.Equal(0, pool.OutCount);
        Assert.Equal(content, replica.Inner.Content);
    }

    [Fact]
    public async Task Calls_come_one_after_the_other_unless_told_otherwise()
    {
        OneAtATimeDisk replica = new();

        await new SegmentApplier().ApplyAsync(SmallSegment.Bytes, CaptureFixture.Identity, replica, TestContext.Current.CancellationToken);

        Assert.Equal(["write", "checksums", "clear", "checksums", "write", "checksums"], replica.Calls);
    }

    [Fact]
    public async Task A_large_range_of_zeros_gets_all_its_checksums()
    {
        long disk = 3L * 1024 * 1024 * 1024;
        byte[] segment = new SegmentBytes((ulong)disk).Zeros(Block, (ulong)(disk - Block)).End();
        TallyDisk replica = new();

        await new SegmentApplier().ApplyAsync(segment, CaptureFixture.Identity, replica, TestContext.Current.CancellationToken);

        Assert.Equal([new Extent(Block, disk - Block)], replica.Clears);
        Assert.Equal((disk / Block) - 1, replica.Checksums);
    }

    [Fact]
    public async Task Damage_in_the_last_record_is_found_before_the_first_write()
    {
        byte[] segment = [.. SmallSegment.Bytes];
        segment[^1] ^= 1;
        MemoryDisk replica = new(SmallSegment.DiskSizeBytes);

        await Assert.ThrowsAsync<ChangeLogDamageException>(() => new SegmentApplier()
            .ApplyAsync(segment, CaptureFixture.Identity, replica, TestContext.Current.CancellationToken));

        Assert.Empty(replica.Writes);
        Assert.Empty(replica.Clears);
    }
}
