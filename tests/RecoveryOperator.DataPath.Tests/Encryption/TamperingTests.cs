using RecoveryOperator.DataPath.Apply;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.Encryption;

/// <summary>What somebody changes who can write logs and compute every checksum, but has no key.</summary>
public sealed class TamperingTests
{
    private static readonly byte[] Flips = [0x01, 0x80, 0xFF];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_flipped_bit_is_damage_before_anything_is_written_and_without_any_key()
    {
        for (int position = 0; position < SealedSegment.Bytes.Length; position++)
            foreach (byte flip in Flips)
            {
                byte[] damaged = [.. SealedSegment.Bytes];
                damaged[position] ^= flip;

                ChangeLogDamageException damage = await SealedSegment.AssertRefusedAsync(damaged, $"byte {position} flipped by {flip:x2}");

                Assert.NotEqual(ChangeLogDamageReason.Authentication, damage.Reason);
                Assert.Throws<ChangeLogDamageException>(() => SegmentApplier.Verify(damaged, CaptureFixture.Identity));
            }
    }

    [Fact]
    public async Task Every_byte_that_was_changed_with_checksums_that_agree_is_refused_before_anything_is_written()
    {
        HashSet<int> checksums = [.. Enumerable.Range(112, 16)];
        foreach (int record in SealedSegment.RecordOffsets)
            checksums.UnionWith(Enumerable.Range(record + 32, 16));
        checksums.UnionWith(Enumerable.Range(SealedSegment.RecordOffsets[^1] + 48, 16));
        int notAuthentic = 0;
        for (int position = 0; position < SealedSegment.Bytes.Length; position++)
        {
            if (checksums.Contains(position))
                continue;

            byte[] changed = [.. SealedSegment.Bytes];
            changed[position] ^= 0x01;
            try
            {
                ChangeLogDamageException damage = await SealedSegment.AssertRefusedAsync(
                    SealedSegment.FixChecksums(changed, SealedSegment.RecordOffsets), $"byte {position} changed");
                notAuthentic += damage.Reason == ChangeLogDamageReason.Authentication ? 1 : 0;
            }
            catch (DataKeyMissingException)
            {
                Assert.InRange(position, 80, 95); // Another key id: the reader waits for a key that nobody has.
            }
        }

        Assert.True(notAuthentic > 150, $"only {notAuthentic} changes got as far as a tag");
    }

    [Fact]
    public async Task A_disk_size_that_was_changed_is_refused()
    {
        using SealedBytes bytes = new(BlockSize.Bytes, SealedSegment.Key.Secret.ToArray(), SealedSegment.Salt);
        byte[] segment = bytes.Data(0, DiskContent.Random(1, BlockSize.Bytes)).End();
        segment[74] ^= 2; // Three blocks instead of one: nothing but the tags can tell.

        ChangeLogDamageException damage = await SealedSegment.AssertRefusedAsync(
            SealedSegment.FixChecksums(segment, SealedSegment.Records(segment)), "disk size");

        Assert.Equal(ChangeLogDamageReason.Authentication, damage.Reason);
    }

    [Fact]
    public async Task Salt_and_every_part_of_the_identity_are_authenticated()
    {
        SegmentIdentity own = CaptureFixture.Identity;
        (string What, int Offset, SegmentIdentity Expected)[] changes =
        [
            ("protection", 16, own with { Protection = ProtectionId.Parse("01112233445566778899aabbccddeeff") }),
            ("epoch", 32, own with { Epoch = own.Epoch ^ 1 }),
            ("sequence", 40, own with { Sequence = own.Sequence ^ 1 }),
            ("attempt", 48, own with { Attempt = Guid.Parse("00234567-89ab-cdef-0123-456789abcdef") }),
            ("disk", 64, own with { Disk = own.Disk ^ 1 }),
            ("segment", 68, own with { Segment = own.Segment ^ 1 }),
            ("salt", 111, own),
        ];
        foreach ((string what, int offset, SegmentIdentity expected) in changes)
        {
            byte[] changed = [.. SealedSegment.Bytes];
            changed[offset] ^= 1;

            // The forged segment stands where it says that it belongs.
            ChangeLogDamageException damage = await SealedSegment.AssertRefusedAsync(
                SealedSegment.FixChecksums(changed, SealedSegment.RecordOffsets), what, expected);

            Assert.Equal(ChangeLogDamageReason.Authentication, damage.Reason);
            Assert.Contains("somebody changed", damage.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Records_that_were_exchanged_left_out_or_repeated_are_refused()
    {
        byte[] bytes = SealedSegment.Bytes;
        byte[][] records = [.. SealedSegment.RecordOffsets.Select((start, index) =>
            bytes[start..(index + 1 < SealedSegment.RecordOffsets.Count ? SealedSegment.RecordOffsets[index + 1] : bytes.Length)])];
        byte[] end = records[^1];
        (string What, byte[][] Records)[] changes =
        [
            ("first left out", [records[1], records[2], Counted(end, 2, BlockSize.Bytes + 40)]),
            ("last left out", [records[0], records[1], Counted(end, 2, 3 * BlockSize.Bytes)]),
            ("all left out", [Counted(end, 0, 0)]),
        ];
        foreach ((string what, byte[][] left) in changes)
        {
            byte[] changed = [.. bytes[..128], .. left.SelectMany(record => record)];

            ChangeLogDamageException damage = await SealedSegment.AssertRefusedAsync(
                SealedSegment.FixChecksums(changed, SealedSegment.Records(changed)), what);

            Assert.Equal(ChangeLogDamageReason.Authentication, damage.Reason);
        }
    }

    [Fact]
    public async Task A_record_of_another_segment_under_the_same_key_is_refused()
    {
        byte[] disk = SmallSegment.DiskContent();
        using SealedBytes other = new(SmallSegment.DiskSizeBytes, SealedSegment.Key.Secret.ToArray(), new byte[16]);
        byte[] foreign = other.Zeros(0, 2 * BlockSize.Bytes).Zeros(2 * BlockSize.Bytes, BlockSize.Bytes).Data(3 * BlockSize.Bytes, disk[(3 * BlockSize.Bytes)..]).End();
        List<int> foreignRecords = SealedSegment.Records(foreign);
        IReadOnlyList<int> records = SealedSegment.RecordOffsets;

        byte[] changed = [.. SealedSegment.Bytes];
        foreign.AsSpan(foreignRecords[1], foreignRecords[2] - foreignRecords[1]).CopyTo(changed.AsSpan(records[1]));

        ChangeLogDamageException damage = await SealedSegment.AssertRefusedAsync(SealedSegment.FixChecksums(changed, records), "another segment's zero record");
        Assert.Equal((ChangeLogDamageReason.Authentication, records[1]), (damage.Reason, damage.OffsetBytes));
    }

    [Fact]
    public async Task A_key_that_is_not_there_is_no_damage_and_nothing_is_written()
    {
        MemoryDisk replica = new(SmallSegment.DiskSizeBytes);
        CountingPool pool = new();
        foreach (IDataKeys? keys in new[] { null, DataKeyRing.Empty, new DataKeyRing([DataKey.Generate(), DataKey.Generate()]) })
        {
            var missing = await Assert.ThrowsAsync<DataKeyMissingException>(() =>
                new SegmentApplier(pool, keys: keys).ApplyAsync(SealedSegment.Bytes, CaptureFixture.Identity, replica, Token));

            Assert.Equal((SealedSegment.Key.Id, CaptureFixture.Identity), (missing.Wanted, missing.Segment));
            Assert.Contains(SealedSegment.Key.Id.ToString(), missing.Message, StringComparison.Ordinal);
        }

        Assert.Empty(replica.Writes);
        Assert.Equal(0, pool.OutCount);
        await new SegmentApplier(pool, keys: SealedSegment.Keys).ApplyAsync(SealedSegment.Bytes, CaptureFixture.Identity, replica, Token);
        Assert.Equal(SmallSegment.DiskContent(), replica.Content);
        Assert.Equal(0, pool.OutCount);
    }

    [Fact]
    public void Ranges_are_read_without_a_key_and_contents_are_not()
    {
        using ChangeLogFrameReader frames = new(SealedSegment.Bytes, CaptureFixture.Identity);
        List<ChangeLogFrame> found = [];
        while (frames.TryRead(out ChangeLogFrame frame))
            found.Add(frame);

        Assert.Equal(
            [new Extent(0, 2 * BlockSize.Bytes), new Extent(2 * BlockSize.Bytes, BlockSize.Bytes), new Extent(3 * BlockSize.Bytes, 40)],
            found.Select(frame => frame.Range));
        Assert.All(found, frame => Assert.True(frame.Data.IsEmpty && frame.Checksums.IsEmpty));
    }

    private static byte[] Counted(byte[] end, long records, long lengthBytes)
    {
        byte[] changed = [.. end];
        BitConverter.TryWriteBytes(changed.AsSpan(8), records);
        BitConverter.TryWriteBytes(changed.AsSpan(16), lengthBytes);
        return changed;
    }
}
