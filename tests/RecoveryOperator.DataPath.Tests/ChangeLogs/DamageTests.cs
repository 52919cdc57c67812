using RecoveryOperator.DataPath.Apply;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.ChangeLogs;

public sealed class DamageTests
{
    private static readonly byte[] Flips = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF];

    [Fact]
    public async Task Every_flipped_bit_is_found_and_nothing_wrong_is_yielded_or_applied()
    {
        var whole = SmallSegment.Read(SmallSegment.Bytes, out _);
        for (int position = 0; position < SmallSegment.Bytes.Length; position++)
            foreach (byte flip in Flips)
            {
                byte[] damaged = [.. SmallSegment.Bytes];
                damaged[position] ^= flip;

                await AssertDamagedAsync(damaged, whole, position, $"byte {position} flipped by {flip:x2}");
            }
    }

    [Fact]
    public async Task A_segment_cut_off_at_any_byte_is_torn()
    {
        var whole = SmallSegment.Read(SmallSegment.Bytes, out _);
        for (int length = 0; length < SmallSegment.Bytes.Length; length++)
        {
            ChangeLogDamageException damage = await AssertDamagedAsync(SmallSegment.Bytes[..length], whole, length, $"cut off after {length} bytes");

            Assert.Equal(ChangeLogDamageReason.Torn, damage.Reason);
        }
    }

    [Fact]
    public async Task Bytes_after_the_end_are_torn_even_when_they_are_a_segment()
    {
        var whole = SmallSegment.Read(SmallSegment.Bytes, out _);
        foreach (byte[] tail in new byte[][] { [0], SmallSegment.Bytes, SmallSegment.Bytes[SmallSegment.RecordOffsets[^1]..] })
        {
            byte[] longer = [.. SmallSegment.Bytes, .. tail];

            ChangeLogDamageException damage = await AssertDamagedAsync(longer, whole, SmallSegment.RecordOffsets[^1], $"{tail.Length} bytes added");

            Assert.Equal(ChangeLogDamageReason.Torn, damage.Reason);
        }
    }

    [Fact]
    public async Task A_record_that_was_taken_out_is_missed_by_the_end_record()
    {
        var whole = SmallSegment.Read(SmallSegment.Bytes, out _);
        IReadOnlyList<int> offsets = SmallSegment.RecordOffsets;
        for (int record = 0; record < offsets.Count - 1; record++)
        {
            byte[] shorter = [.. SmallSegment.Bytes[..offsets[record]], .. SmallSegment.Bytes[offsets[record + 1]..]];

            MemoryDisk replica = new(SmallSegment.DiskSizeBytes);
            await Assert.ThrowsAsync<ChangeLogDamageException>(() => ApplyAsync(shorter, replica));
            Assert.Empty(replica.Writes);
            Assert.Empty(replica.Clears);
        }

        Assert.Equal(3, whole.Count);
    }

    [Fact]
    public void The_message_says_which_segment_where_and_what_to_do()
    {
        byte[] damaged = [.. SmallSegment.Bytes];
        damaged[SmallSegment.RecordOffsets[1] + 20] ^= 1;

        SmallSegment.Read(damaged, out ChangeLogDamageException? damage);

        Assert.NotNull(damage);
        Assert.Equal(ChangeLogDamageReason.Checksum, damage.Reason);
        Assert.Equal(SmallSegment.RecordOffsets[1], damage.OffsetBytes);
        Assert.Contains($"at byte {damage.OffsetBytes}", damage.Message, StringComparison.Ordinal);
        Assert.Contains("segment 0 of disk 1 (set 7 of epoch 3", damage.Message, StringComparison.Ordinal);
        Assert.Contains("resynchronize", damage.Message, StringComparison.Ordinal);
    }

    private static async Task<ChangeLogDamageException> AssertDamagedAsync(
        byte[] damaged, List<(ChangeLogRecordKind Kind, Extent Range, byte[] Content)> whole, int position, string what)
    {
        var records = SmallSegment.Read(damaged, out ChangeLogDamageException? damage);

        Assert.True(damage is not null, $"Not found: {what}");
        Assert.True(damage.OffsetBytes <= position, $"{what}: found at {damage.OffsetBytes}");
        int before = SmallSegment.RecordOffsets.SkipLast(1).Count(offset => offset < damage.OffsetBytes);
        Assert.True(records.Count <= before, $"{what}: {records.Count} records were yielded, {before} lie before the damage");
        for (int index = 0; index < records.Count; index++)
        {
            Assert.Equal((whole[index].Kind, whole[index].Range), (records[index].Kind, records[index].Range));
            Assert.Equal(whole[index].Content, records[index].Content);
        }

        MemoryDisk replica = new(SmallSegment.DiskSizeBytes);
        await Assert.ThrowsAsync<ChangeLogDamageException>(() => ApplyAsync(damaged, replica));
        Assert.True(replica.Writes.Count + replica.Clears.Count == 0, $"{what}: the replica was written to");
        return damage;
    }

    private static Task<AppliedSegment> ApplyAsync(byte[] segment, MemoryDisk replica) =>
        new SegmentApplier().ApplyAsync(segment, CaptureFixture.Identity, replica, TestContext.Current.CancellationToken);
}
