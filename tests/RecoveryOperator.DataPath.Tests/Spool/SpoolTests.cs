using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.Spool;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.Spool;

public sealed class SpoolTests : IDisposable
{
    private readonly CaptureFixture _fixture = new();

    [Theory]
    [InlineData("flipped")]
    [InlineData("shorter")]
    [InlineData("longer")]
    [InlineData("missing")]
    [InlineData("folder missing")]
    public async Task Damage_in_the_spool_is_found_before_the_last_byte_is_handed_out(string damage)
    {
        SpooledSegment segment = await SegmentAsync();
        byte[] bytes = await File.ReadAllBytesAsync(segment.Path, TestContext.Current.CancellationToken);
        switch (damage)
        {
            case "flipped":
                bytes[bytes.Length / 2] ^= 1;
                await File.WriteAllBytesAsync(segment.Path, bytes, TestContext.Current.CancellationToken);
                break;
            case "shorter":
                await File.WriteAllBytesAsync(segment.Path, bytes[..^1], TestContext.Current.CancellationToken);
                break;
            case "longer":
                await File.WriteAllBytesAsync(segment.Path, [.. bytes, 0], TestContext.Current.CancellationToken);
                break;
            case "missing":
                File.Delete(segment.Path);
                break;
            default:
                Directory.Delete(Path.GetDirectoryName(segment.Path)!, recursive: true);
                break;
        }

        int handedOut = 0;
        SpoolDamageException fault = await Assert.ThrowsAsync<SpoolDamageException>(() => ReadByPiecesAsync(segment, length => handedOut += length));

        Assert.InRange(handedOut, 0, segment.LengthBytes - 1);

        Assert.Equal(segment, fault.Segment);
        Assert.Contains(segment.Path, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_undamaged_segment_is_read_by_pieces_and_asking_for_nothing_gives_nothing()
    {
        SpooledSegment segment = await SegmentAsync();
        int handedOut = 0;

        await ReadByPiecesAsync(segment, length => handedOut += length);

        Assert.Equal(segment.LengthBytes, handedOut);
        await using SpooledSegmentStream stream = SpooledSegmentStream.Open(segment);
        Assert.Equal(0, await stream.ReadAsync(Memory<byte>.Empty, TestContext.Current.CancellationToken));
        Assert.Equal(0, stream.Read([]));
    }

    [Fact]
    public async Task Files_of_no_finished_cut_are_found_and_deleted()
    {
        SpooledSegment recorded = await SegmentAsync();
        string root = Path.GetDirectoryName(Path.GetDirectoryName(recorded.Path))!;
        string lost = Path.Combine(root, "lost");
        Directory.CreateDirectory(lost);
        string finished = Path.Combine(lost, "disk-0.000000.hrl");
        string partial = Path.Combine(lost, "disk-0.000001.hrl.partial");
        await File.WriteAllBytesAsync(finished, [1], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(partial, [1], TestContext.Current.CancellationToken);
        HashSet<string> names = [Path.GetDirectoryName(recorded.Path)!];

        Assert.Equal([finished, partial], FileSegmentSpool.FindLeftovers(root, names));
        Assert.Equal([finished, partial], FileSegmentSpool.DeleteLeftovers(root, names));

        Assert.Equal([recorded.Path], _fixture.Files());
        Assert.False(Directory.Exists(lost));
        Assert.Empty(FileSegmentSpool.DeleteLeftovers(Path.Combine(root, "absent"), names));
    }

    [Fact]
    public async Task A_segment_has_its_name_only_once_it_is_durable()
    {
        FileSegmentSpool spool = _fixture.Spool();
        await using (ISpoolFile file = await spool.CreateAsync("disk-0.000000.hrl", TestContext.Current.CancellationToken))
        {
            await file.Content.WriteAsync(new byte[100], TestContext.Current.CancellationToken);
            Assert.Equal("disk-0.000000.hrl.partial", Path.GetFileName(Assert.Single(_fixture.Files())));
            await file.SealAsync(TestContext.Current.CancellationToken);
            Assert.Equal(file.Path, Assert.Single(_fixture.Files()));
        }

        Assert.Single(_fixture.Files());
        await using (await spool.CreateAsync("disk-0.000001.hrl", TestContext.Current.CancellationToken))
            Assert.Equal(2, _fixture.Files().Length);
        Assert.Single(_fixture.Files());
    }

    [Theory]
    [InlineData("disk-0.000000.hrl", 0, 0)]
    [InlineData("disk-12.1234567.hrl", 12, 1234567)]
    public void Names_of_segments_are_understood(string name, int disk, int segment)
    {
        Assert.Equal((disk, segment), SegmentFileName.Parse(name));
        Assert.Equal(name, SegmentFileName.Format(disk, segment));
    }

    [Theory]
    [InlineData("disk-0.hrl")]
    [InlineData("disk-0.000000.hrl.partial")]
    [InlineData("disk-0.000000.hrl\n")]
    [InlineData("../disk-0.000000.hrl")]
    public void Other_names_are_not(string name) => Assert.Throws<FormatException>(() => SegmentFileName.Parse(name));

    public void Dispose() => _fixture.Dispose();

    private static async Task ReadByPiecesAsync(SpooledSegment segment, Action<int> handedOut)
    {
        await using SpooledSegmentStream stream = SpooledSegmentStream.Open(segment);
        byte[] piece = new byte[4096];
        int length;
        while ((length = await stream.ReadAsync(piece, TestContext.Current.CancellationToken)) > 0)
            handedOut(length);
    }

    private async Task<SpooledSegment> SegmentAsync()
    {
        CapturedDisk captured = await _fixture.CaptureAsync(new MemoryDisk(DiskContent.Random(4, 100_000)), [new Extent(0, 100_000)]);
        return Assert.Single(captured.Segments);
    }
}
