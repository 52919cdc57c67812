using RecoveryOperator.DataPath.Encryption;

namespace RecoveryOperator.DataPath.Tests.Support;

/// <summary>Remembers every pair of segment key and nonce that anything was encrypted under, and refuses to see one twice.</summary>
public sealed class NonceLedger(params DataKey[] keys)
{
    private readonly HashSet<string> _used = [];

    public int Count => _used.Count;

    /// <summary>Takes in a segment, whole or cut off anywhere. One in the clear has no pairs.</summary>
    public void Add(ReadOnlySpan<byte> segment)
    {
        if (segment.Length < 128 || segment[8] != 2)
            return;

        KeyId id = KeyId.Read(segment[80..]);
        DataKey key = Assert.Single(keys, candidate => candidate.Id == id);
        string segmentKey = Convert.ToHexString(SealedBytes.SegmentKey(key.Secret.ToArray(), segment[..112]));
        int records = CountRecords(segment);
        for (int record = 0; record < records; record++)
            Assert.True(_used.Add($"{segmentKey} {record}"), $"record {record} is encrypted under a key and nonce that were used before");
    }

    /// <summary>Records of which at least the head is there: their payloads were encrypted.</summary>
    private static int CountRecords(ReadOnlySpan<byte> segment)
    {
        int count = 0;
        for (int position = 128; position + 48 <= segment.Length; count++)
        {
            bool isEnd = segment[position + 4] == 3;
            position += 48 + (isEnd ? 32 : (16 * BitConverter.ToUInt16(segment[(position + 6)..])) + BitConverter.ToInt32(segment[(position + 24)..]) + 16);
        }

        return count;
    }
}
