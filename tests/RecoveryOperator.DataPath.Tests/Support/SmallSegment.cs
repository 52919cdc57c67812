using RecoveryOperator.DataPath.ChangeLogs;
using ZstdSharp;

namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>A segment of a few hundred bytes that has every kind of record: compressed, zero, stored and short, end.</summary>
public static class SmallSegment
{
    public const int DiskSizeBytes = (3 * BlockSize.Bytes) + 40;

    private static readonly SegmentBytes Assembled = Assemble();

    public static byte[] Bytes { get; } = Assembled.End();

    /// <summary>Offsets of the records, the end record included.</summary>
    public static IReadOnlyList<int> RecordOffsets => Assembled.RecordOffsets;

    public static byte[] DiskContent()
    {
        byte[] content = new byte[DiskSizeBytes];
        content.AsSpan(0, 2 * BlockSize.Bytes).Fill(0x5A);
        new Random(40).NextBytes(content.AsSpan(3 * BlockSize.Bytes));
        return content;
    }

    /// <summary>Reads records until the end or the damage.</summary>
    public static List<(ChangeLogRecordKind Kind, Extent Range, byte[] Content)> Read(ReadOnlyMemory<byte> segment, out ChangeLogDamageException? damage)
    {
        List<(ChangeLogRecordKind Kind, Extent Range, byte[] Content)> records = [];
        damage = null;
        try
        {
            using ChangeLogReader reader = new(segment, CaptureFixture.Identity);
            while (reader.TryRead(out ChangeLogRecord record))
                records.Add((record.Kind, record.Range, record.Content.ToArray()));
        }
        catch (ChangeLogDamageException found)
        {
            damage = found;
        }

        return records;
    }

    private static SegmentBytes Assemble()
    {
        byte[] disk = DiskContent();
        using Compressor compressor = new(1);
        byte[] content = disk[..(2 * BlockSize.Bytes)];
        return new SegmentBytes(DiskSizeBytes)
            .Data(0, content, 1, compressor.Wrap(content).ToArray())
            .Zeros(2 * BlockSize.Bytes, BlockSize.Bytes)
            .Data(3 * BlockSize.Bytes, disk[(3 * BlockSize.Bytes)..]);
    }
}
