using System.Buffers;
using System.Collections.Concurrent;

namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>
/// Buffers for whole segments. The shared array pool rounds sizes up to powers of two: 32 MiB for a segment of 16. Those for large segments are therefore kept
/// here, as many as three replicas need that sets are applied to at once: dropped ones would pile up until the garbage collector looks at large objects.
/// </summary>
public static class SegmentBuffers
{
    private const int Kept = 6;
    private const int LargestSharedBytes = 1024 * 1024;

    private static readonly ConcurrentBag<byte[]> _free = [];

    /// <summary>A buffer of at least this length, with any content.</summary>
    /// <param name="lengthBytes">At most <see cref="ChangeLogConstants.MaxSegmentLengthBytes"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">No segment is that long.</exception>
    public static byte[] Rent(long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, ChangeLogConstants.MaxSegmentLengthBytes);
        if (lengthBytes <= LargestSharedBytes)
            return ArrayPool<byte>.Shared.Rent((int)lengthBytes);
        return _free.TryTake(out byte[]? buffer) ? buffer : GC.AllocateUninitializedArray<byte>(ChangeLogConstants.MaxSegmentLengthBytes);
    }

    /// <summary>Gives a buffer back. Nobody may use it any more.</summary>
    public static void Return(byte[] buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        if (buffer.Length < ChangeLogConstants.MaxSegmentLengthBytes)
            ArrayPool<byte>.Shared.Return(buffer);
        else if (_free.Count < Kept)
            _free.Add(buffer);
    }
}
