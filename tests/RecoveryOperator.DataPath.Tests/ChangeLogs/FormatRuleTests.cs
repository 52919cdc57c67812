using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.ChangeLogs;

/// <summary>Segments whose checksums agree, but that a writer never may have made.</summary>
public sealed class FormatRuleTests
{
    private const int Block = BlockSize.Bytes;
    private const ulong Disk = 100 * Block;

    private static readonly Dictionary<string, Func<SegmentBytes, byte[]>> Faults = new(StringComparer.Ordinal)
    {
        ["seventeen blocks in one record"] = bytes => bytes.Data(0, new byte[17 * Block]).End(),
        ["ranges that overlap"] = bytes => bytes.Zeros(0, 2 * Block).Zeros(Block, Block).End(),
        ["ranges out of order"] = bytes => bytes.Zeros(4 * Block, Block).Zeros(0, Block).End(),
        ["a range behind the disk's end"] = bytes => bytes.Zeros(Disk, Block).End(),
        ["a range over the disk's end"] = bytes => bytes.Zeros(Disk - Block, 2 * Block).End(),
        ["a length that overflows"] = bytes => bytes.Zeros(Block, long.MaxValue - 10).End(),
        ["a negative offset"] = bytes => bytes.Zeros(unchecked((ulong)-Block), Block).End(),
        ["an empty range"] = bytes => bytes.Zeros(0, 0).End(),
        ["an unaligned offset"] = bytes => bytes.Zeros(512, Block).End(),
        ["a short block within the disk"] = bytes => bytes.Data(0, new byte[100]).End(),
        ["too few checksums"] = bytes => bytes.Data(0, new byte[2 * Block], checksums: new byte[16]).End(),
        ["an unknown kind"] = bytes => bytes.Record(4, 0, 0, 0, Block, 0, []).End(),
        ["kind zero"] = bytes => bytes.Record(0, 0, 0, 0, Block, 0, []).End(),
        ["an unknown codec"] = bytes => bytes.Data(0, new byte[Block], codec: 2).End(),
        ["zeros with data"] = bytes => bytes.Record(2, 0, 0, 0, Block, 1, [1]).End(),
        ["zeros with a codec"] = bytes => bytes.Record(2, 1, 0, 0, Block, 0, []).End(),
        ["reserved bytes that are set"] = bytes => bytes.Record(2, 0, 0, 0, Block, 0, [], reserved: 1).End(),
        ["stored data of another length"] = bytes => bytes.Data(0, new byte[Block], stored: new byte[Block - 1]).End(),
        ["compressed data that did not get shorter"] = bytes => bytes.Data(0, new byte[Block], codec: 1).End(),
        ["data that is no zstd frame"] = bytes => bytes.Data(0, new byte[Block], codec: 1, stored: [1, 2, 3, 4, 5, 6, 7, 8]).End(),
        ["a zstd frame of less content"] = bytes => bytes.Data(0, new byte[2 * Block], codec: 1, stored: Wrap(new byte[Block])).End(),
        ["a zstd frame of more content"] = bytes => bytes.Data(0, new byte[Block], codec: 1, stored: Wrap(new byte[2 * Block])).End(),
        ["an end record that counts too many"] = bytes => bytes.Zeros(0, Block).End(records: 2),
        ["an end record with another sum"] = bytes => bytes.Zeros(0, Block).End(lengthSum: 2 * Block),
    };

    public static TheoryData<string> Names => [.. Faults.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Is_refused(string fault)
    {
        byte[] segment = Faults[fault](new SegmentBytes(Disk));

        SmallSegment.Read(segment, out ChangeLogDamageException? damage);

        Assert.Equal(ChangeLogDamageReason.Format, damage?.Reason);
    }

    [Fact]
    public void Content_that_is_not_what_the_source_read_is_refused()
    {
        byte[] segment = new SegmentBytes(Disk).Data(0, new byte[2 * Block], checksums: new byte[32]).End();

        Assert.Empty(SmallSegment.Read(segment, out ChangeLogDamageException? damage));

        Assert.Equal(ChangeLogDamageReason.Checksum, damage?.Reason);
        Assert.Contains("block 0", damage!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_writer_refuses_what_the_reader_would()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        using MemoryStream stream = new();
        ChangeLogWriter writer = await ChangeLogWriter.CreateAsync(stream, new SegmentHeader(CaptureFixture.Identity, (long)Disk), token);
        await writer.AppendZerosAsync(new Extent(Block, Block), token);

        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.AppendZerosAsync(new Extent(0, Block), token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.AppendZerosAsync(new Extent((long)Disk, Block), token));
        await Assert.ThrowsAsync<ArgumentException>(async () => await writer.AppendDataAsync(
            new Extent(2 * Block, 17 * Block), ChangeLogCodec.Stored, new byte[17 * 16], new byte[17 * Block], token));
        await writer.CompleteAsync(token);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await writer.CompleteAsync(token));
        Assert.Equal(stream.Length, writer.LengthBytes);
        Assert.Single(SmallSegment.Read(stream.ToArray(), out ChangeLogDamageException? damage));
        Assert.Null(damage);
    }

    private static byte[] Wrap(byte[] content)
    {
        using ZstdSharp.Compressor compressor = new(1);
        return compressor.Wrap(content).ToArray();
    }
}
