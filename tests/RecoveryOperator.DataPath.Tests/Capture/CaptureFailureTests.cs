using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.Spool;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.Capture;

public sealed class CaptureFailureTests
{
    private const int MiB = 1024 * 1024;

    private static readonly Extent[] Whole = [new Extent(0, 12 * MiB)];

    private static readonly CaptureRequest Request = new(CaptureFixture.Identity) { SegmentTargetLengthBytes = 2 * MiB };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(11)]
    public async Task A_read_that_fails_fails_the_capture_and_leaves_nothing(int failing)
    {
        CountingPool pool = new();
        using CaptureFixture fixture = new() { Pool = pool };
        ScriptedReader reader = new(Disk(), (offset, _) => offset == (long)failing * MiB ? throw new IOException("bad sector") : Task.CompletedTask);

        IOException fault = await Assert.ThrowsAsync<IOException>(() => fixture.CaptureAsync(reader, Whole, Request));

        Assert.Equal("bad sector", fault.Message);
        AssertClean(fixture, pool, reader);
    }

    [Fact]
    public async Task Finished_segments_of_a_failed_copy_stay_when_they_count()
    {
        using CaptureFixture fixture = new();
        ScriptedReader reader = new(Disk(), (offset, _) => offset == 7 * MiB ? throw new IOException("bad sector") : Task.CompletedTask);

        await Assert.ThrowsAsync<IOException>(() => fixture.CaptureAsync(reader, Whole, Request with { KeepFinishedSegments = true }));

        Assert.Equal(["disk-1.000000.hrl", "disk-1.000001.hrl", "disk-1.000002.hrl"], fixture.Files().Select(Path.GetFileName));
    }

    [Fact]
    public async Task Extents_that_break_off_fail_the_capture_and_leave_nothing()
    {
        CountingPool pool = new();
        using CaptureFixture fixture = new() { Pool = pool };
        ScriptedReader reader = new(Disk(), (_, _) => Task.CompletedTask);

        IOException fault = await Assert.ThrowsAsync<IOException>(
            () => fixture.CaptureAsync(reader, BreakingOff(), Request, null, TestContext.Current.CancellationToken));

        Assert.Equal("NBD connection lost", fault.Message);
        AssertClean(fixture, pool, reader);
    }

    [Fact]
    public async Task A_cancelled_capture_leaves_nothing()
    {
        CountingPool pool = new();
        using CaptureFixture fixture = new() { Pool = pool };
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        ScriptedReader reader = new(
            Disk(), (offset, token) => offset >= 6 * MiB ? Task.Delay(Timeout.Infinite, token) : Task.CompletedTask);
        FileSegmentSpool spool = fixture.Spool();

        Task<CapturedDisk> capturing = fixture.CaptureAsync(reader, Whole.ToAsyncEnumerable(), Request, spool, cancel.Token);
        Eventually.IsTrue(() => fixture.Files().Length >= 2 && reader.UnderWay > 0, "segments are written and reads hang");
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => capturing);
        AssertClean(fixture, pool, reader);
    }

    [Fact]
    public async Task A_spool_that_cannot_be_written_fails_the_capture()
    {
        CountingPool pool = new();
        using CaptureFixture fixture = new() { Pool = pool };
        ScriptedReader reader = new(Disk(), (_, _) => Task.CompletedTask);
        FileSegmentSpool spool = fixture.Spool((segment, _, _) =>
            segment.Segment == 1 ? throw new IOException("No space left on device") : default);

        await Assert.ThrowsAsync<IOException>(() => fixture.CaptureAsync(reader, Whole, Request, spool));

        AssertClean(fixture, pool, reader);
    }

    [Fact]
    public async Task A_second_capture_into_the_folder_of_a_first_is_refused()
    {
        using CaptureFixture fixture = new();
        FileSegmentSpool spool = fixture.Spool();
        CapturedDisk first = await fixture.CaptureAsync(Disk(), Whole, Request, spool);

        await Assert.ThrowsAsync<IOException>(() => fixture.CaptureAsync(Disk(), Whole, Request, spool));

        Assert.Equal(first.Segments.Select(segment => segment.Path), fixture.Files());
    }

    private static MemoryDisk Disk() => new(DiskContent.Random(9, 12 * MiB));

    private static async IAsyncEnumerable<Extent> BreakingOff()
    {
        yield return new Extent(0, 6 * MiB);
        await Task.Yield();
        yield return new Extent(8 * MiB, MiB);
        throw new IOException("NBD connection lost");
    }

    private static void AssertClean(CaptureFixture fixture, CountingPool pool, ScriptedReader reader)
    {
        Assert.Empty(fixture.Files());
        Assert.Equal(0, pool.OutCount);
        Assert.Equal(0, reader.UnderWay);
    }
}
