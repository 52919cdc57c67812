using System.Text;
using FsCheck;
using FsCheck.Fluent;
using RecoveryOperator.DataPath.Apply;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.DataPath.Spool;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.Encryption;

public sealed class SealedRoundTripTests(ITestOutputHelper output)
{
    private const int Cases = 30;
    private const int MiB = 1024 * 1024;

    private static readonly Gen<(int Size, int Seed, int SegmentLength, int Reads)> Disks =
        from blocks in Gen.Choose(0, 60)
        from rest in Gen.Choose(1, BlockSize.Bytes)
        from seed in Gen.Choose(0, int.MaxValue)
        from segmentLength in Gen.Choose(1, 2 * MiB)
        from reads in Gen.Choose(1, 12)
        select ((blocks * BlockSize.Bytes) + rest, seed, segmentLength, reads);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Any_disk_arrives_whole_and_no_key_and_nonce_is_used_twice()
    {
        ulong seed = (ulong)System.Random.Shared.NextInt64();
        output.WriteLine($"seed {seed}");
        DataKey key = DataKey.Generate();
        NonceLedger ledger = new(key);
        foreach ((int size, int contentSeed, int segmentLength, int reads) in Disks.Sample(Cases, new Rnd(seed), Cases))
        {
            output.WriteLine($"{size} bytes of seed {contentSeed}, segments of {segmentLength}, {reads} reads");
            CountingPool pool = new();
            using CaptureFixture fixture = new() { Pool = pool };
            MemoryDisk source = new(DiskContent.Mixed(new System.Random(contentSeed), size));
            MemoryDisk replica = new(DiskContent.Random(contentSeed / 2, size));

            // All of one identity: as if an attempt were used again and again, which no caller does. The salt keeps keys apart.
            CapturedDisk captured = await fixture.CaptureAsync(source, [new Extent(0, size)], new CaptureRequest(CaptureFixture.Identity)
            {
                Key = key,
                SegmentTargetLengthBytes = segmentLength,
                ReadsInFlight = reads,
            });
            foreach (SpooledSegment segment in captured.Segments)
            {
                Memory<byte> bytes = await CaptureFixture.ReadAsync(segment);
                ledger.Add(bytes.Span);
                await new SegmentApplier(pool, keys: new DataKeyRing([key])).ApplyAsync(
                    bytes, CaptureFixture.Identity with { Segment = segment.Segment }, replica, Token);
            }

            Assert.Equal(source.Content, replica.Content);
            Assert.Equal(source.ExpectedChecksums(), replica.Checksums);
            Assert.Equal(0, pool.OutCount);
        }

        output.WriteLine($"{ledger.Count} pairs of key and nonce");
    }

    [Fact]
    public async Task Neither_content_nor_its_checksums_are_in_the_segment()
    {
        byte[] marker = Encoding.ASCII.GetBytes("what the guest wrote and nobody else may read");
        byte[] content = DiskContent.Random(3, 4 * MiB);
        for (int offset = 0; offset < content.Length; offset += BlockSize.Bytes)
            marker.CopyTo(content, offset + 100);
        using CaptureFixture fixture = new();

        byte[] plain = await BytesAsync(fixture, content, null);
        byte[] sealedBytes = await BytesAsync(fixture, content, DataKey.Generate());

        byte[] checksum = new byte[BlockChecksum.LengthBytes];
        BlockChecksum.Compute(content.AsSpan(0, BlockSize.Bytes), checksum);
        Assert.True(plain.AsSpan().IndexOf(marker) >= 0 && plain.AsSpan().IndexOf(checksum) >= 0);
        Assert.True(sealedBytes.AsSpan().IndexOf(marker) < 0 && sealedBytes.AsSpan().IndexOf(checksum) < 0);
        Assert.Equal(plain.Length + (16 * (4 + 1)), sealedBytes.Length);
    }

    [Fact]
    public async Task A_capture_that_fails_gives_every_buffer_back_and_its_nonces_are_not_used_again()
    {
        DataKey key = DataKey.Generate();
        NonceLedger ledger = new(key);
        CountingPool pool = new();
        for (int failAt = 1; failAt <= 12; failAt++)
        {
            using CaptureFixture fixture = new() { Pool = pool };
            MemoryDisk disk = new(DiskContent.Random(failAt, 12 * MiB));
            int reads = 0;
            ScriptedReader reader = new(disk, (_, _) => Interlocked.Increment(ref reads) == failAt ? throw new IOException("the disk broke") : Task.CompletedTask);
            RecordingSpool spool = new(fixture.Spool());
            CaptureRequest request = new(CaptureFixture.Identity) { Key = key, SegmentTargetLengthBytes = 2 * MiB, KeepFinishedSegments = failAt % 2 == 0 };

            await Assert.ThrowsAsync<IOException>(() => fixture.CaptureAsync(reader, [new Extent(0, disk.SizeBytes)], request, spool));
            spool.Written.ForEach(written => ledger.Add(written));

            Assert.Equal(0, pool.OutCount);
        }

        Assert.True(ledger.Count > 20, $"{ledger.Count} pairs");
    }

    [Fact]
    public async Task An_encrypted_capture_costs_one_more_buffer()
    {
        CountingPool pool = new();
        using CaptureFixture fixture = new() { Pool = pool };
        MemoryDisk source = new(DiskContent.Random(1, 40 * MiB));

        await fixture.CaptureAsync(source, [new Extent(0, source.SizeBytes)], new CaptureRequest(CaptureFixture.Identity) { Key = DataKey.Generate(), ReadsInFlight = 4 });

        Assert.InRange(pool.MostOutBytes, 1, (4L * MiB * 4) + MiB + 512);
        Assert.Equal(0, pool.OutCount);
    }

    private static async Task<byte[]> BytesAsync(CaptureFixture fixture, byte[] content, DataKey? key)
    {
        FileSegmentSpool spool = fixture.Spool();
        CapturedDisk captured = await fixture.CaptureAsync(
            new MemoryDisk(content), [new Extent(0, content.Length)], new CaptureRequest(CaptureFixture.Identity) { Key = key }, spool);
        byte[] bytes = (await CaptureFixture.ReadAsync(Assert.Single(captured.Segments))).ToArray();
        await spool.DiscardAsync(captured.Segments[0], Token);
        return bytes;
    }
}
