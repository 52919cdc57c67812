using System.IO.Hashing;
using RecoveryOperator.DataPath.Checksums;
using static RecoveryOperator.DataPath.ChangeLogs.ChangeLogConstants;

namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>The checksum of a record: XXH128 over the first 32 bytes of its head and its whole payload.</summary>
internal static class RecordChecksum
{
    public static void Compute(
        XxHash128 hash, ReadOnlySpan<byte> head, ReadOnlySpan<byte> checksums, ReadOnlySpan<byte> data, Span<byte> destination)
    {
        hash.Append(head[..RecordChecksumOffset]);
        hash.Append(checksums);
        hash.Append(data);
        hash.GetHashAndReset(destination);
    }

    public static bool Matches(XxHash128 hash, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        Span<byte> actual = stackalloc byte[BlockChecksum.LengthBytes];
        Compute(hash, head, payload, [], actual);
        return actual.SequenceEqual(head.Slice(RecordChecksumOffset, BlockChecksum.LengthBytes));
    }
}
