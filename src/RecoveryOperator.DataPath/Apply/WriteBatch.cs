using System.Buffers;
using RecoveryOperator.DataPath.Checksums;

namespace RecoveryOperator.DataPath.Apply;

/// <summary>Adjacent content that becomes one write, with the checksums of its blocks.</summary>
internal sealed class WriteBatch(ArrayPool<byte> pool) : IDisposable
{
    /// <summary>Azure takes at most 4 MiB in one page write.</summary>
    public const int MaxLengthBytes = 4 * 1024 * 1024;

    private readonly byte[] _content = pool.Rent(MaxLengthBytes);
    private readonly byte[] _checksums = new byte[MaxLengthBytes / BlockSize.Bytes * BlockChecksum.LengthBytes];
    private int _lengthBytes;
    private int _checksumsLengthBytes;

    public long StartBytes { get; private set; }

    public ReadOnlyMemory<byte> Content => _content.AsMemory(0, _lengthBytes);

    public ReadOnlyMemory<byte> Checksums => _checksums.AsMemory(0, _checksumsLengthBytes);

    /// <summary>Whether a range continues what was collected, and fits.</summary>
    public bool Takes(Extent range) =>
        _lengthBytes == 0 || (range.OffsetBytes == StartBytes + _lengthBytes && range.LengthBytes <= MaxLengthBytes - _lengthBytes);

    /// <summary>Where the content of a range that it takes belongs.</summary>
    public Span<byte> Room(Extent range) => _content.AsSpan(_lengthBytes, (int)range.LengthBytes);

    /// <summary>Takes in the content that was put into the room.</summary>
    public void Add(Extent range, ReadOnlySpan<byte> checksums)
    {
        if (_lengthBytes == 0)
            StartBytes = range.OffsetBytes;

        checksums.CopyTo(_checksums.AsSpan(_checksumsLengthBytes));
        _checksumsLengthBytes += checksums.Length;
        _lengthBytes += (int)range.LengthBytes;
    }

    public void Clear() => _lengthBytes = _checksumsLengthBytes = 0;

    public void Dispose() => pool.Return(_content);
}
