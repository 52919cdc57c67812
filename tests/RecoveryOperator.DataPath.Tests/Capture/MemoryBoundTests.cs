using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.Capture;

public sealed class MemoryBoundTests
{
    private const int MiB = 1024 * 1024;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(8)]
    public async Task A_slow_reader_gets_no_more_requests_and_buffers_than_agreed(int reads)
    {
        CountingPool pool = new();
        using CaptureFixture fixture = new() { Pool = pool };
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ScriptedReader reader = new(new MemoryDisk(DiskContent.Random(1, 64 * MiB)), (_, token) => gate.Task.WaitAsync(token));

        Task<CapturedDisk> capturing = fixture.CaptureAsync(reader, [new Extent(0, 64 * MiB)], Request(reads));
        Eventually.IsTrue(() => reader.UnderWay == reads, "all reads are under way");
        gate.SetResult();
        await capturing;

        Assert.Equal(reads, reader.MostUnderWay);
        Assert.InRange(pool.MostOutBytes, 1, 4L * MiB * reads);
        Assert.Equal(0, pool.OutCount);
    }

    [Fact]
    public async Task A_slow_spool_slows_the_reading_down()
    {
        CountingPool pool = new();
        using CaptureFixture fixture = new() { Pool = pool };
        MemoryDisk source = new(DiskContent.Random(1, 64 * MiB));
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var spool = fixture.Spool(async (_, _, token) =>
        {
            reached.TrySetResult();
            await gate.Task.WaitAsync(token);
        });

        Task<CapturedDisk> capturing = fixture.CaptureAsync(
            source, [new Extent(0, 64 * MiB)], Request(4) with { SegmentTargetLengthBytes = MiB }, spool);
        await reached.Task.WaitAsync(TestContext.Current.CancellationToken);
        Eventually.IsTrue(() => source.ReadBytes == 8 * MiB, "the slots are full");
        gate.SetResult();
        await capturing;

        Assert.InRange(pool.MostOutBytes, 1, 4L * MiB * 4);
        Assert.Equal(0, pool.OutCount);
    }

    private static CaptureRequest Request(int reads) => new(CaptureFixture.Identity) { ReadsInFlight = reads };
}
