using System.Buffers.Binary;
using System.IO.Hashing;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.DataPath.Encryption;
using ZstdSharp;

namespace RecoveryOperator.Proof.Tests.Fuzzing;

/// <summary>Valid segments with every kind of record, and a faulty writer that seals whatever it is given with checksums that agree.</summary>
internal static class SegmentCorpus
{
    private const int EncryptedFormat = 2;
    private const int TagLengthBytes = 16;

    public const int DiskSizeBytes = (9 * BlockSize.Bytes) + 40;

    public static SegmentIdentity Identity { get; } =
        new(ProtectionId.Parse("00112233445566778899aabbccddeeff"), 3, 7, Guid.Parse("01234567-89ab-cdef-0123-456789abcdef"), 1, 0);

    public static IReadOnlyList<byte[]> Segments { get; } = [Build(1, null), Build(2, null), Build(3, null)];

    /// <summary>The key of <see cref="Encrypted"/>.</summary>
    public static DataKey Key { get; } = DataKey.FromSecret([.. Enumerable.Range(1, DataKey.LengthBytes).Select(value => (byte)value)]);

    /// <summary>Encrypted ones. Their salts are chosen by the writer and new in each process, so a seed repeats where they are changed, not all of their bytes.</summary>
    public static IReadOnlyList<byte[]> Encrypted { get; } = [Build(1, Key), Build(2, Key), Build(3, Key)];

    /// <summary>Makes header, records and end agree with their content, as far as they can be walked: what lies behind the checksums is reached.</summary>
    public static byte[] Seal(byte[] segment)
    {
        if (segment.Length < ChangeLogConstants.HeaderLengthBytes)
            return segment;

        XxHash128.Hash(segment.AsSpan(0, 112), segment.AsSpan(112, 16));
        int tag = segment[8] == EncryptedFormat ? TagLengthBytes : 0;
        XxHash128 all = new();
        int at = ChangeLogConstants.HeaderLengthBytes;
        while (at + ChangeLogConstants.RecordHeadLengthBytes <= segment.Length)
        {
            Span<byte> rest = segment.AsSpan(at);
            bool isEnd = rest[4] == (byte)ChangeLogRecordKind.End;
            long payload = isEnd
                ? 16 + tag
                : tag + (BinaryPrimitives.ReadUInt16LittleEndian(rest[6..]) * 16L) + BinaryPrimitives.ReadUInt32LittleEndian(rest[24..]);
            if (payload > rest.Length - ChangeLogConstants.RecordHeadLengthBytes)
                return segment;
            if (isEnd)
                all.GetCurrentHash(rest[48..64]);
            XxHash128 hash = new();
            hash.Append(rest[..32]);
            hash.Append(rest.Slice(48, (int)payload));
            hash.GetCurrentHash(rest[32..48]);
            all.Append(rest[32..48]);
            at += 48 + (int)payload;
        }

        return segment;
    }

    private static byte[] Build(int seed, DataKey? key)
    {
        Random random = new(seed);
        using MemoryStream stream = new();
        ChangeLogWriter writer = ChangeLogWriter.CreateAsync(stream, new SegmentHeader(Identity, DiskSizeBytes), key, null, default).AsTask().GetAwaiter().GetResult();
        using Compressor compressor = new(1);
        byte[] content = new byte[2 * BlockSize.Bytes];
        for (int block = 0; block < 6; block += 2)
        {
            Array.Fill(content, (byte)random.Next(1, 256));
            random.NextBytes(content.AsSpan(0, 40));
            byte[] sums = new byte[2 * BlockChecksum.LengthBytes];
            BlockChecksum.ComputeAll(content, sums);
            Extent range = new(block * BlockSize.Bytes, content.Length);
            writer.AppendDataAsync(range, ChangeLogCodec.Zstd, sums, compressor.Wrap(content).ToArray(), default).AsTask().GetAwaiter().GetResult();
        }

        writer.AppendZerosAsync(new Extent(6 * BlockSize.Bytes, (long)seed * BlockSize.Bytes), default).AsTask().GetAwaiter().GetResult();
        byte[] tail = new byte[40];
        random.NextBytes(tail);
        byte[] sum = new byte[BlockChecksum.LengthBytes];
        BlockChecksum.Compute(tail, sum);
        writer.AppendDataAsync(new Extent(9 * BlockSize.Bytes, 40), ChangeLogCodec.Stored, sum, tail, default).AsTask().GetAwaiter().GetResult();
        writer.CompleteAsync(default).AsTask().GetAwaiter().GetResult();
        return stream.ToArray();
    }
}
