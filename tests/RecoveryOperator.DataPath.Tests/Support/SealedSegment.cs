using System.IO.Hashing;
using RecoveryOperator.DataPath.Apply;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Encryption;
using ZstdSharp;

namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>An encrypted segment that has every kind of record, and the attacker's tool: checksums that agree with whatever was changed.</summary>
public static class SealedSegment
{
    private const int EndPayloadBytes = 16 + 16;

    public static DataKey Key { get; } = DataKey.FromSecret([.. Enumerable.Range(1, 32).Select(value => (byte)value)]);

    public static byte[] Salt { get; } = [.. Enumerable.Range(100, 16).Select(value => (byte)value)];

    public static DataKeyRing Keys { get; } = new([Key]);

    public static byte[] Bytes { get; } = Assemble();

    /// <summary>Offsets of the records, the end record included.</summary>
    public static IReadOnlyList<int> RecordOffsets { get; } = Records(Bytes);

    public static byte[] Assemble()
    {
        byte[] disk = SmallSegment.DiskContent();
        using Compressor compressor = new(1);
        byte[] content = disk[..(2 * BlockSize.Bytes)];
        using SealedBytes bytes = new(SmallSegment.DiskSizeBytes, Key.Secret.ToArray(), Salt);
        return bytes
            .Data(0, content, 1, compressor.Wrap(content).ToArray())
            .Zeros(2 * BlockSize.Bytes, BlockSize.Bytes)
            .Data(3 * BlockSize.Bytes, disk[(3 * BlockSize.Bytes)..])
            .End();
    }

    /// <summary>Makes every checksum agree again with what lies in the places of the original's records.</summary>
    public static byte[] FixChecksums(byte[] changed, IReadOnlyList<int> records)
    {
        byte[] bytes = [.. changed];
        XxHash128.Hash(bytes.AsSpan(0, 112)).CopyTo(bytes, 112);
        List<byte> checksums = [];
        for (int index = 0; index < records.Count; index++)
        {
            int start = records[index];
            int end = index + 1 < records.Count ? records[index + 1] : bytes.Length;
            if (index == records.Count - 1)
                XxHash128.Hash(checksums.ToArray()).CopyTo(bytes, start + 48);
            byte[] checksum = XxHash128.Hash([.. bytes.AsSpan(start, 32), .. bytes.AsSpan(start + 48, end - start - 48)]);
            checksum.CopyTo(bytes, start + 32);
            checksums.AddRange(checksum);
        }

        return bytes;
    }

    /// <summary>Applies, expecting it to be refused, and nothing to be written.</summary>
    public static async Task<ChangeLogDamageException> AssertRefusedAsync(byte[] segment, string what, SegmentIdentity? expected = null, IDataKeys? keys = null)
    {
        MemoryDisk replica = new(SmallSegment.DiskSizeBytes);
        CountingPool pool = new();
        ChangeLogDamageException? damage = null;
        try
        {
            await new SegmentApplier(pool, keys: keys ?? Keys).ApplyAsync(
                segment, expected ?? CaptureFixture.Identity, replica, TestContext.Current.CancellationToken);
        }
        catch (ChangeLogDamageException found)
        {
            damage = found;
        }

        Assert.True(damage is not null, $"Not refused: {what}");
        Assert.True(replica.Writes.Count + replica.Clears.Count == 0, $"{what}: the replica was written to");
        Assert.Equal(0, pool.OutCount);
        return damage;
    }

    public static List<int> Records(ReadOnlySpan<byte> segment)
    {
        List<int> offsets = [];
        for (int position = 128; position < segment.Length;)
        {
            offsets.Add(position);
            bool isEnd = segment[position + 4] == 3;
            int checksums = BitConverter.ToUInt16(segment[(position + 6)..]);
            int stored = BitConverter.ToInt32(segment[(position + 24)..]);
            position += 48 + (isEnd ? EndPayloadBytes : (16 * checksums) + stored + 16);
        }

        return offsets;
    }
}
