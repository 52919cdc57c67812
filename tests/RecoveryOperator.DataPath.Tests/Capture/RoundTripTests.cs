using FsCheck;
using FsCheck.Fluent;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.Capture;

public sealed class RoundTripTests(ITestOutputHelper output)
{
    private const int Cases = 40;
    private const int MostExtents = 12;

    private static readonly Gen<DiskCase> DiskCases =
        from blocks in Gen.Choose(0, 60)
        from rest in Gen.Choose(1, BlockSize.Bytes)
        from seed in Gen.Choose(0, int.MaxValue)
        from places in Gen.Choose(0, 1_000_000).Two().ListOf()
        from segmentLength in Gen.Choose(1, 2 * 1024 * 1024)
        from reads in Gen.Choose(1, 12)
        select new DiskCase((blocks * BlockSize.Bytes) + rest, seed, places, segmentLength, reads);

    [Theory]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(BlockSize.Bytes)]
    [InlineData(BlockSize.Bytes + 1)]
    [InlineData((5 * 1024 * 1024) + 512)]
    public async Task A_whole_disk_of_any_size_arrives_with_its_checksums(int sizeBytes)
    {
        using CaptureFixture fixture = new();
        MemoryDisk source = new(DiskContent.Mixed(new System.Random(1), sizeBytes));
        MemoryDisk replica = new(DiskContent.Random(2, sizeBytes));

        CapturedDisk captured = await fixture.CaptureAsync(source, [new Extent(0, sizeBytes)]);
        await fixture.ApplyAsync(captured, replica);

        Assert.Equal(source.Content, replica.Content);
        Assert.Equal(source.ExpectedChecksums(), replica.Checksums);
        Assert.Equal((sizeBytes, sizeBytes, sizeBytes), (captured.ChangedBytes, captured.ReadBytes, captured.CoveredThroughBytes));
        Assert.Equal(captured.Segments.Sum(segment => segment.LengthBytes), captured.StoredBytes);
    }

    [Fact]
    public async Task Any_changes_of_any_disk_make_the_replica_equal_to_the_source()
    {
        ulong seed = (ulong)System.Random.Shared.NextInt64();
        output.WriteLine($"seed {seed}");
        int number = 0;
        foreach (DiskCase disk in DiskCases.Sample(Cases, new Rnd(seed), MostExtents))
        {
            output.WriteLine($"case {number++}: {disk.SizeBytes} bytes, {disk.Places.Count} extents, content of seed {disk.Seed}");
            await AssertDeltaArrivesAsync(disk);
            await AssertFullCopyArrivesAsync(disk);
        }
    }

    private static async Task AssertDeltaArrivesAsync(DiskCase disk)
    {
        System.Random random = new(disk.Seed);
        MemoryDisk replica = new(DiskContent.Mixed(random, disk.SizeBytes));
        replica.ExpectedChecksums().CopyTo(replica.Checksums, 0);
        MemoryDisk source = new([.. replica.Content]);
        byte[] news = DiskContent.Mixed(random, disk.SizeBytes);
        Extent[] extents = disk.Extents();
        foreach (Extent extent in extents)
            news.AsSpan((int)extent.OffsetBytes, (int)extent.LengthBytes).CopyTo(source.Content.AsSpan((int)extent.OffsetBytes));

        using CaptureFixture fixture = new() { Pool = new CountingPool() };
        CapturedDisk captured = await fixture.CaptureAsync(source, extents, disk.Request());
        await fixture.ApplyAsync(captured, replica);

        Assert.Equal(source.Content, replica.Content);
        Assert.Equal(source.ExpectedChecksums(), replica.Checksums);
        Assert.Equal(captured.ChangedBytes, source.ReadBytes);
        Assert.Equal(0, ((CountingPool)fixture.Pool).OutCount);
        Assert.Equal(Enumerable.Range(0, captured.Segments.Count), captured.Segments.Select(segment => segment.Segment));
    }

    private static async Task AssertFullCopyArrivesAsync(DiskCase disk)
    {
        MemoryDisk source = new(DiskContent.Mixed(new System.Random(disk.Seed), disk.SizeBytes));
        MemoryDisk replica = new(disk.SizeBytes);
        using CaptureFixture fixture = new();

        CapturedDisk captured = await fixture.CaptureAsync(source, [new Extent(0, disk.SizeBytes)], disk.Request() with { RecordZeros = false });
        await fixture.ApplyAsync(captured, replica);

        Assert.Equal(source.Content, replica.Content);
        Assert.Equal(source.ExpectedChecksums(), replica.Checksums);
        Assert.Empty(replica.Clears);
    }

    private sealed record DiskCase(int SizeBytes, int Seed, List<(int Place, int Length)> Places, int SegmentLengthBytes, int Reads)
    {
        /// <summary>Sorted by offset, unaligned, overlapping at times.</summary>
        public Extent[] Extents() =>
        [
            .. Places.Select(place => (Start: (long)place.Place * (SizeBytes - 1) / 1_000_000, Part: place.Length))
                .Select(place => new Extent(place.Start, 1 + ((SizeBytes - 1 - place.Start) * place.Part / 1_000_000 / 4)))
                .OrderBy(extent => extent.OffsetBytes),
        ];

        public CaptureRequest Request() => new(CaptureFixture.Identity) { SegmentTargetLengthBytes = SegmentLengthBytes, ReadsInFlight = Reads };
    }
}
