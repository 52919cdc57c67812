using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Apply;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Encryption;

namespace RecoveryOperator.Proof.Tests.Fuzzing;

public sealed class SegmentFuzzTests(ITestOutputHelper output)
{
    private const int Cases = 6_000;

    [Fact]
    public Task A_damaged_segment_yields_nothing_wrong() =>
        new Fuzzer(Target("change log", random => Mutated(random), Read), SegmentCorpus.Segments, output).RunAsync(Cases, 0.05);

    [Fact]
    public Task A_segment_that_a_faulty_writer_sealed_yields_nothing_outside_its_disk() =>
        new Fuzzer(Target("sealed change log", random => SegmentCorpus.Seal(Mutated(random)), Read), SegmentCorpus.Segments, output).RunAsync(Cases, 0.05);

    [Fact]
    public Task Applying_a_damaged_segment_writes_nothing_and_applying_a_sealed_one_stays_on_the_disk() =>
        new Fuzzer(
            Target("applied change log", random => random.Next(2) == 0 ? Mutated(random) : SegmentCorpus.Seal(Mutated(random)), Apply) with
            {
                // One pooled buffer of 4 MiB.
                AllowedBytes = 6 << 20,
            },
            SegmentCorpus.Segments,
            output).RunAsync(Cases, 0.05);

    [Fact]
    public Task A_damaged_encrypted_segment_yields_nothing_but_what_was_encrypted() => new Fuzzer(
        Target("encrypted change log", random => random.Next(2) == 0 ? MutatedEncrypted(random) : SegmentCorpus.Seal(MutatedEncrypted(random)), ReadEncrypted) with
        {
            // A pooled buffer of 1 MiB, and one of 2 MiB for a record with its checksums and tag.
            AllowedBytes = 4 << 20,
        },
        SegmentCorpus.Encrypted,
        output).RunAsync(Cases, 0.05);

    private static byte[] MutatedEncrypted(Random random) => new Mutator(random, SegmentCorpus.Encrypted).Next();

    private static FuzzTarget Target(string name, Func<Random, byte[]> make, Action<byte[]> parse) => new(
        name,
        make,
        parse,
        error => error is ChangeLogDamageException or DataKeyMissingException && error.Message.Contains("segment 0 of disk 1", StringComparison.Ordinal))
    {
        // One pooled buffer of 1 MiB.
        AllowedBytes = 2 << 20,
    };

    private static byte[] Mutated(Random random) => new Mutator(random, SegmentCorpus.Segments).Next();

    private static void Read(byte[] segment) => Read(segment, DataKeyRing.Empty);

    /// <summary>Read to its end an encrypted segment is one of those that were written: whoever has no key can make no other.</summary>
    private static void ReadEncrypted(byte[] segment)
    {
        if (Read(segment, new DataKeyRing([SegmentCorpus.Key])))
            Assert.Contains(SegmentCorpus.Encrypted, written => written.AsSpan().SequenceEqual(segment));
    }

    private static bool Read(byte[] segment, DataKeyRing keys)
    {
        using ChangeLogReader reader = new(segment, SegmentCorpus.Identity, keys: keys);
        long from = 0, steps = 0;
        while (reader.TryRead(out ChangeLogRecord record))
        {
            Assert.True(++steps <= segment.Length / ChangeLogConstants.RecordHeadLengthBytes, "more records than there is room for");
            Assert.InRange(record.Range.OffsetBytes, from, reader.Header.DiskSizeBytes - 1);
            Assert.InRange(record.Range.EndBytes, record.Range.OffsetBytes + 1, reader.Header.DiskSizeBytes);
            if (record.Kind == ChangeLogRecordKind.Data)
                Assert.Equal(record.Range.LengthBytes, record.Content.Length);
            from = record.Range.EndBytes;
        }

        return reader.Header.Encryption is not null;
    }

    private static void Apply(byte[] segment)
    {
        CheckedDisk disk = new();
        bool isSound = true;
        try
        {
            disk.SizeBytes = SegmentApplier.Verify(segment, SegmentCorpus.Identity).DiskSizeBytes;
        }
        catch (ChangeLogDamageException)
        {
            isSound = false;
        }

        try
        {
            Task<AppliedSegment> applied = new SegmentApplier().ApplyAsync(segment, SegmentCorpus.Identity, disk, CancellationToken.None);
            Assert.True(applied.IsCompleted, "it waits for something");
            applied.GetAwaiter().GetResult();
        }
        finally
        {
            Assert.True(isSound || disk.Calls == 0, "a damaged segment reached the disk");
        }
    }

    /// <summary>Keeps nothing; refuses what is not on the disk.</summary>
    private sealed class CheckedDisk : IReplicaDisk
    {
        public long SizeBytes { get; set; }

        public int Calls { get; private set; }

        public ValueTask WriteAsync(long offsetBytes, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            Check(new Extent(offsetBytes, content.Length));

        public ValueTask ClearAsync(Extent range, CancellationToken cancellationToken) => Check(range);

        public ValueTask SetChecksumsAsync(long offsetBytes, ReadOnlyMemory<byte> checksums, CancellationToken cancellationToken) =>
            Check(new Extent(offsetBytes, 1));

        private ValueTask Check(Extent range)
        {
            Calls++;
            Assert.True(range.OffsetBytes >= 0 && range.LengthBytes > 0 && range.OffsetBytes <= SizeBytes - range.LengthBytes, $"{range} is not on a disk of {SizeBytes} bytes");
            return default;
        }
    }
}
