using System.Numerics;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>Some blocks of a chunk are not what the source read; the others may be given.</summary>
/// <param name="content">The chunk.</param>
/// <param name="bad">Those blocks, a bit for each.</param>
/// <param name="told">What to say of the first one.</param>
internal sealed class DamagedChunkException(byte[] content, ulong bad, HypervisorException told)
    : HypervisorException(told.Fault, told.Message, told.Remedy)
{
    /// <summary>The chunk, with the bad blocks as they were read.</summary>
    public byte[] Content => content;

    /// <summary>Offset, within the chunk, of the first bad block.</summary>
    public static long FirstOf(ulong bad) => (long)BitOperations.TrailingZeroCount(bad) * BlockSize.Bytes;

    /// <summary>Whether a part of the chunk lies in a bad block.</summary>
    public bool Touches(long fromBytes, long toBytes)
    {
        for (var left = bad; left != 0; left &= left - 1)
        {
            var start = FirstOf(left);
            if (start < toBytes && start + BlockSize.Bytes > fromBytes) return true;
        }

        return false;
    }
}
