using FsCheck;
using FsCheck.Fluent;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.Capture;

/// <summary>A capture that knows what a copy holds records only what differs from it.</summary>
public sealed class KnownChecksumTests(ITestOutputHelper output)
{
    private const int Cases = 60;
    private const int LargestSize = 12;

    private static readonly Gen<Case> AllCases =
        from sourceBlocks in Gen.Choose(0, 50)
        from copyBlocks in Gen.Choose(0, 50)
        from sourceRest in Gen.Choose(1, BlockSize.Bytes)
        from copyRest in Gen.Choose(1, BlockSize.Bytes)
        from seed in Gen.Choose(0, int.MaxValue)
        from sameSize in Gen.Choose(0, 2)
        from segmentLength in Gen.Choose(1, 1024 * 1024)
        select new Case(
            (sourceBlocks * BlockSize.Bytes) + sourceRest,
            sameSize > 0 ? (sourceBlocks * BlockSize.Bytes) + sourceRest : (copyBlocks * BlockSize.Bytes) + copyRest,
            seed,
            segmentLength);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Any_copy_becomes_the_source_and_only_blocks_that_differ_are_recorded()
    {
        ulong seed = (ulong)System.Random.Shared.NextInt64();
        output.WriteLine($"seed {seed}");
        int number = 0;
        foreach (Case pair in AllCases.Sample(Cases, new Rnd(seed), LargestSize))
        {
            output.WriteLine($"case {number++}: {pair}");
            await AssertArrivesAsync(pair);
        }
    }

    [Fact]
    public async Task Equal_disks_give_no_segment()
    {
        MemoryDisk source = new(DiskContent.Mixed(new System.Random(1), 3_000_000));
        using CaptureFixture fixture = new();

        CapturedDisk captured = await fixture.CaptureAsync(source, [new Extent(0, source.SizeBytes)], Request(source.ExpectedChecksums()));

        Assert.Empty(captured.Segments);
        Assert.Equal((0, source.SizeBytes), (captured.RecordedBytes, captured.ReadBytes));
    }

    [Fact]
    public async Task A_block_that_became_zeros_is_a_zero_record_and_one_that_was_zeros_is_none()
    {
        MemoryDisk copy = new(DiskContent.Random(3, 4 * BlockSize.Bytes));
        copy.Content.AsSpan(0, BlockSize.Bytes).Clear();
        MemoryDisk source = new([.. copy.Content]);
        source.Content.AsSpan(2 * BlockSize.Bytes, BlockSize.Bytes).Clear();
        using CaptureFixture fixture = new();

        CapturedDisk captured = await fixture.CaptureAsync(source, [new Extent(0, source.SizeBytes)], Request(copy.ExpectedChecksums()));
        await fixture.ApplyAsync(captured, copy);

        Assert.Equal(BlockSize.Bytes, captured.RecordedBytes);
        Assert.Equal([new Extent(2 * BlockSize.Bytes, BlockSize.Bytes)], copy.Clears);
        Assert.Empty(copy.Writes);
        Assert.Equal(source.Content, copy.Content);
    }

    [Fact]
    public async Task Positions_are_told_also_where_nothing_differs_and_can_be_continued_from()
    {
        const int sizeBytes = 200 * 1024 * 1024;
        MemoryDisk copy = new(sizeBytes);
        MemoryDisk source = new(sizeBytes);
        source.Content[(70 * 1024 * 1024) + 5] = 1;
        source.Content[(190 * 1024 * 1024) + 5] = 1;
        List<(long Position, bool Covered)> told = [];
        using CaptureFixture fixture = new();

        CapturedDisk captured = await fixture.CaptureAsync(source, [new Extent(0, sizeBytes)], Request(copy.ExpectedChecksums()) with
        {
            Milestone = (position, covered, _) =>
            {
                told.Add((position, covered));
                return new(!covered);
            },
        });

        const long step = 64 * 1024 * 1024;
        Assert.Equal([(step, true), (2 * step, false), (2 * step, true), (3 * step, false), (3 * step, true)], told);
        Assert.Equal(2, captured.Segments.Count);
    }

    [Fact]
    public async Task What_neither_disk_nor_copy_holds_is_not_read()
    {
        const int sizeBytes = 40 * BlockSize.Bytes;
        MemoryDisk copy = new(sizeBytes);
        copy.Content[30 * BlockSize.Bytes] = 7;
        MemoryDisk source = new(sizeBytes);
        source.Content[3 * BlockSize.Bytes] = 9;
        Extent[] allocated = [new(3 * BlockSize.Bytes, BlockSize.Bytes)];
        CaptureRequest request = Request(copy.ExpectedChecksums());
        using CaptureFixture fixture = new();

        CapturedDisk captured = await fixture.CaptureAsync(
            source, ComparedExtents.UnionAsync(allocated.ToAsyncEnumerable(), request.Known!, sizeBytes, 0, Token), request, null, Token);
        await fixture.ApplyAsync(captured, copy);

        Assert.Equal(2 * BlockSize.Bytes, source.ReadBytes);
        Assert.Equal(source.Content, copy.Content);
    }

    [Fact]
    public async Task A_table_is_read_in_pieces_once_and_a_failed_piece_is_read_again()
    {
        byte[] table = new byte[3 * KnownChecksumWindow.PieceLengthBytes];
        System.Random.Shared.NextBytes(table);
        int loads = 0;
        KnownChecksumWindow window = new(table.Length - 16, (offset, buffer, _) =>
        {
            if (Interlocked.Increment(ref loads) == 1)
                throw new IOException("Once.");
            table.AsMemory((int)offset, buffer.Length).CopyTo(buffer);
            return Task.CompletedTask;
        });
        byte[] read = new byte[table.Length + 160];

        await Assert.ThrowsAsync<IOException>(async () => await window.ReadAsync(0, read, Token));
        await window.ReadAsync(0, read, Token);
        await window.ReadAsync(16L * BlockSize.Bytes, read.AsMemory(256, 256), Token);

        Assert.Equal(table.AsSpan()[..^16], read.AsSpan(0, table.Length - 16));
        Assert.Equal(-1, read.AsSpan(table.Length - 16).IndexOfAnyExcept((byte)0));
        Assert.Equal(4, loads);
    }

    private static CaptureRequest Request(byte[] table) => new(CaptureFixture.Identity) { Known = Known(table) };

    private static KnownChecksumWindow Known(byte[] table) => new(table.Length, (offset, buffer, _) =>
    {
        table.AsMemory((int)offset, buffer.Length).CopyTo(buffer);
        return Task.CompletedTask;
    });

    private static async Task AssertArrivesAsync(Case pair)
    {
        System.Random random = new(pair.Seed);
        byte[] former = DiskContent.Mixed(random, pair.CopySizeBytes);
        byte[] now = new byte[pair.SourceSizeBytes];
        former.AsSpan(0, Math.Min(former.Length, now.Length)).CopyTo(now);
        byte[] other = DiskContent.Mixed(random, pair.SourceSizeBytes);
        for (int start = 0; start < now.Length; start += BlockSize.Bytes)
        {
            if (random.Next(3) == 0)
                other.AsSpan(start, Math.Min(BlockSize.Bytes, now.Length - start)).CopyTo(now.AsSpan(start));
        }

        MemoryDisk source = new(now);
        MemoryDisk copy = Resized(former, now.Length);
        byte[] known = new MemoryDisk(former).ExpectedChecksums();
        using CaptureFixture fixture = new() { Pool = new CountingPool() };
        CapturedDisk captured = await fixture.CaptureAsync(
            source, [new Extent(0, now.Length)], Request(known) with { SegmentTargetLengthBytes = pair.SegmentLengthBytes });
        await fixture.ApplyAsync(captured, copy);

        Assert.Equal(source.Content, copy.Content);
        Assert.Equal(source.ExpectedChecksums(), copy.Checksums);
        Assert.Equal(Different(source.ExpectedChecksums(), known, now.Length), captured.RecordedBytes);
        Assert.Equal(0, ((CountingPool)fixture.Pool).OutCount);
    }

    private static MemoryDisk Resized(byte[] former, int sizeBytes)
    {
        MemoryDisk copy = new(sizeBytes);
        former.AsSpan(0, Math.Min(former.Length, sizeBytes)).CopyTo(copy.Content);
        byte[] known = new MemoryDisk(former).ExpectedChecksums();
        known.AsSpan(0, Math.Min(known.Length, copy.Checksums.Length)).CopyTo(copy.Checksums);
        return copy;
    }

    private static long Different(byte[] source, byte[] known, int sizeBytes)
    {
        long bytes = 0;
        for (int block = 0; block * BlockSize.Bytes < sizeBytes; block++)
        {
            int entry = block * BlockChecksum.LengthBytes;
            ReadOnlySpan<byte> held = entry < known.Length ? known.AsSpan(entry, BlockChecksum.LengthBytes) : new byte[BlockChecksum.LengthBytes];
            if (!source.AsSpan(entry, BlockChecksum.LengthBytes).SequenceEqual(held))
                bytes += Math.Min(BlockSize.Bytes, sizeBytes - (block * BlockSize.Bytes));
        }

        return bytes;
    }

    private sealed record Case(int SourceSizeBytes, int CopySizeBytes, int Seed, int SegmentLengthBytes);
}
