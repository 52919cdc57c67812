using System.Security.Cryptography;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Spool;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.Capture;

public sealed class SegmentSequenceTests
{
    private const int MiB = 1024 * 1024;

    [Fact]
    public async Task Segments_are_closed_at_sixteen_MiB_and_named_and_hashed()
    {
        using CaptureFixture fixture = new();
        CapturedDisk captured = await fixture.CaptureAsync(new MemoryDisk(DiskContent.Random(1, 40 * MiB)), [new Extent(0, 40 * MiB)]);

        Assert.Equal(["disk-1.000000.hrl", "disk-1.000001.hrl", "disk-1.000002.hrl"], captured.Segments.Select(segment => segment.FileName));
        Assert.Equal(captured.Segments.Select(segment => segment.Path), fixture.Files());
        foreach (SpooledSegment segment in captured.Segments)
        {
            byte[] bytes = await File.ReadAllBytesAsync(segment.Path, TestContext.Current.CancellationToken);
            Assert.Equal(bytes.Length, segment.LengthBytes);
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), segment.Sha256);
            Assert.InRange(bytes.Length, segment.Segment == 2 ? 1 : 16 * MiB, ChangeLogConstants.MaxSegmentLengthBytes);
        }
    }

    [Fact]
    public async Task A_copy_that_was_cut_off_anywhere_continues_from_its_last_finished_segment()
    {
        MemoryDisk source = new(DiskContent.Mixed(new Random(11), (9 * MiB) + 512));
        Extent[] whole = [new Extent(0, source.SizeBytes)];
        CaptureRequest request = new(CaptureFixture.Identity) { RecordZeros = false, SegmentTargetLengthBytes = MiB, KeepFinishedSegments = true };

        for (int finished = 1; ; finished++)
        {
            using CaptureFixture fixture = new();
            List<(SpooledSegment Segment, long Covered)> kept = [];
            FileSegmentSpool dying = fixture.Spool((segment, covered, _) =>
            {
                kept.Add((segment, covered));
                return kept.Count == finished ? throw new IOException("The power is gone.") : default;
            });
            IOException? death = await Record.ExceptionAsync(() => fixture.CaptureAsync(source, whole, request, dying)) as IOException;
            if (death is null)
                break;

            Assert.Equal(kept.Select(segment => segment.Segment.Path), fixture.Files());
            CaptureRequest rest = request with { First = request.First with { Segment = finished }, StartAtBytes = kept[^1].Covered };
            CapturedDisk second = await fixture.CaptureAsync(source, whole, rest);

            MemoryDisk replica = new(source.SizeBytes);
            await fixture.ApplyAsync(second with { Segments = [.. kept.Select(segment => segment.Segment), .. second.Segments] }, replica);
            Assert.Equal(source.Content, replica.Content);
            Assert.Equal(source.SizeBytes - kept[^1].Covered, second.ReadBytes);
        }
    }

    [Fact]
    public async Task Finished_segments_are_handed_over_in_order_while_the_copy_goes_on()
    {
        using CaptureFixture fixture = new();
        MemoryDisk source = new(DiskContent.Random(3, 8 * MiB));
        List<(int Segment, long Covered, long ReadSoFar)> handed = [];
        FileSegmentSpool spool = fixture.Spool((segment, covered, _) =>
        {
            Assert.True(File.Exists(segment.Path));
            handed.Add((segment.Segment, covered, source.ReadBytes));
            return default;
        });

        await fixture.CaptureAsync(
            source, [new Extent(0, 8 * MiB)], new CaptureRequest(CaptureFixture.Identity) { SegmentTargetLengthBytes = MiB, ReadsInFlight = 1 }, spool);

        Assert.Equal([MiB, 2 * MiB, 3 * MiB, 4 * MiB, 5 * MiB, 6 * MiB, 7 * MiB, 8 * MiB], handed.Select(item => item.Covered));
        Assert.Equal(Enumerable.Range(0, 8), handed.Select(item => item.Segment));
        Assert.All(handed, item => Assert.True(item.ReadSoFar <= item.Covered + (2 * MiB), "The reading ran ahead of the writing."));
    }
}
