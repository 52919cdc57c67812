using System.Security.Cryptography;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.Encryption;

public sealed class GoldenSealedSegmentTests
{
    [Fact]
    public void A_segment_assembled_by_hand_from_the_specification_is_read()
    {
        byte[] disk = SmallSegment.DiskContent();
        List<(ChangeLogRecordKind Kind, Extent Range, byte[] Content)> records = [];

        using ChangeLogReader reader = new(SealedSegment.Bytes, CaptureFixture.Identity, keys: SealedSegment.Keys);
        while (reader.TryRead(out ChangeLogRecord record))
            records.Add((record.Kind, record.Range, record.Content.ToArray()));

        Assert.Equal(SealedSegment.Key.Id, reader.Header.Encryption?.Key);
        Assert.Equal([ChangeLogRecordKind.Data, ChangeLogRecordKind.Zero, ChangeLogRecordKind.Data], records.Select(record => record.Kind));
        Assert.Equal(disk[..(2 * BlockSize.Bytes)], records[0].Content);
        Assert.Equal(new Extent(2 * BlockSize.Bytes, BlockSize.Bytes), records[1].Range);
        Assert.Equal(disk[(3 * BlockSize.Bytes)..], records[2].Content);
    }

    [Fact]
    public async Task The_capture_writes_the_very_bytes_that_the_specification_gives()
    {
        using CaptureFixture fixture = new();
        MemoryDisk source = new(SmallSegment.DiskContent());

        CapturedDisk captured = await fixture.CaptureAsync(
            source, [new Extent(0, source.SizeBytes)], new CaptureRequest(CaptureFixture.Identity) { Key = SealedSegment.Key });

        byte[] written = (await CaptureFixture.ReadAsync(Assert.Single(captured.Segments))).ToArray();
        byte[] disk = SmallSegment.DiskContent();
        using SealedBytes expected = new(SmallSegment.DiskSizeBytes, SealedSegment.Key.Secret.ToArray(), written[96..112]);
        using ZstdSharp.Compressor compressor = new(1);
        byte[] first = disk[..(2 * BlockSize.Bytes)];
        Assert.Equal(
            expected.Data(0, first, 1, compressor.Wrap(first).ToArray())
                .Zeros(2 * BlockSize.Bytes, BlockSize.Bytes)
                .Data(3 * BlockSize.Bytes, disk[(3 * BlockSize.Bytes)..])
                .End(),
            written);
    }

    [Fact]
    public void The_format_stays_what_it_was()
    {
        byte[] content = [.. Enumerable.Range(0, 100).Select(index => (byte)(index * 7))];
        using SealedBytes bytes = new(BlockSize.Bytes + 100, SealedSegment.Key.Secret.ToArray(), SealedSegment.Salt);

        byte[] segment = bytes.Zeros(0, BlockSize.Bytes).Data(BlockSize.Bytes, content).End();

        Assert.Equal(128 + (48 + 16) + (48 + 16 + 100 + 16) + (48 + 16 + 16), segment.Length);
        Assert.Equal("a54f6d30b1bd88ef36d8ad489f9f597629a54231550e6416", Convert.ToHexStringLower(SHA256.HashData(segment).AsSpan(0, 24)));
    }

    [Fact]
    public void An_id_is_what_the_specification_derives_and_a_key_shows_only_its_id()
    {
        Assert.Equal("7fd5dea5c79b50b0fa02b7a45602d1aa", SealedSegment.Key.Id.ToString());
        Assert.Equal($"data key {SealedSegment.Key.Id}", SealedSegment.Key.ToString());
        Assert.Equal($"data key {SealedSegment.Key.Id}", $"{new CaptureRequest(CaptureFixture.Identity) { Key = SealedSegment.Key }.Key}");
        Assert.DoesNotContain("01020304", new CaptureRequest(CaptureFixture.Identity) { Key = SealedSegment.Key }.ToString(), StringComparison.Ordinal);
        Assert.Equal(SealedSegment.Key.Id, KeyId.TryParse(SealedSegment.Key.Id.ToString()));
        Assert.Null(KeyId.TryParse("0102"));
        Assert.Null(KeyId.TryParse(SealedSegment.Key.Id.ToString().ToUpperInvariant()));
        Assert.Throws<ArgumentException>(() => DataKey.FromSecret(new byte[31]));
        Assert.NotEqual(DataKey.Generate().Id, DataKey.Generate().Id);
    }

    [Fact]
    public void A_format_that_does_not_exist_yet_is_refused_with_what_to_do()
    {
        byte[] newer = [.. SealedSegment.Bytes];
        newer[8] = 3;

        var fault = Assert.Throws<ChangeLogDamageException>(() =>
            SegmentHeader.Read(SealedSegment.FixChecksums(newer, SealedSegment.RecordOffsets), CaptureFixture.Identity));

        Assert.Contains("format 3, this program reads up to 2: upgrade it", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_and_salt_of_a_header_are_the_writers()
    {
        SegmentHeader chosen = new(CaptureFixture.Identity, 1, new SegmentEncryption(SealedSegment.Key.Id, 1));

        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await ChangeLogWriter.CreateAsync(Stream.Null, chosen, SealedSegment.Key, null, TestContext.Current.CancellationToken));
    }
}
