using System.Buffers;
using RecoveryOperator.DataPath.Checksums;

namespace RecoveryOperator.DataPath.Apply;

/// <summary>Collects adjacent content and writes it in few large pieces, then its checksums.</summary>
internal sealed class ReplicaBatch(IReplicaDisk disk, ArrayPool<byte> pool) : IDisposable
{
    /// <summary>Azure takes at most 4 MiB in one page write.</summary>
    public const int MaxWriteBytes = 4 * 1024 * 1024;

    /// <summary>Checksums of zeros are handed on in pieces that stand for 1 GiB of disk.</summary>
    private static readonly byte[] ZeroChecksums = new byte[16 * 1024 * BlockChecksum.LengthBytes];

    private readonly byte[] _content = pool.Rent(MaxWriteBytes);
    private readonly byte[] _checksums = new byte[MaxWriteBytes / BlockSize.Bytes * BlockChecksum.LengthBytes];
    private long _startBytes;
    private int _lengthBytes;
    private int _checksumLengthBytes;

    /// <summary>Room for a range's content; what is collected is written first where the range does not continue it or does not fit.</summary>
    public async ValueTask<Memory<byte>> MakeRoomAsync(Extent range, CancellationToken cancellationToken)
    {
        if (_lengthBytes > 0 && (range.OffsetBytes != _startBytes + _lengthBytes || range.LengthBytes > MaxWriteBytes - _lengthBytes))
            await FlushAsync(cancellationToken);
        if (_lengthBytes == 0)
            _startBytes = range.OffsetBytes;

        return _content.AsMemory(_lengthBytes, (int)range.LengthBytes);
    }

    /// <summary>Takes in the content that was put into the room.</summary>
    public void Add(Extent range, ReadOnlySpan<byte> checksums)
    {
        checksums.CopyTo(_checksums.AsSpan(_checksumLengthBytes));
        _checksumLengthBytes += checksums.Length;
        _lengthBytes += (int)range.LengthBytes;
    }

    public async ValueTask ClearAsync(Extent range, CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        await disk.ClearAsync(range, cancellationToken);

        long blocks = BlockSize.Count(range.LengthBytes);
        const int MaxBlocks = 16 * 1024;
        for (long first = 0; first < blocks; first += MaxBlocks)
        {
            int length = (int)Math.Min(MaxBlocks, blocks - first) * BlockChecksum.LengthBytes;
            await disk.SetChecksumsAsync(range.OffsetBytes + (first * BlockSize.Bytes), ZeroChecksums.AsMemory(0, length), cancellationToken);
        }
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_lengthBytes == 0)
            return;

        await disk.WriteAsync(_startBytes, _content.AsMemory(0, _lengthBytes), cancellationToken);
        await disk.SetChecksumsAsync(_startBytes, _checksums.AsMemory(0, _checksumLengthBytes), cancellationToken);
        _lengthBytes = 0;
        _checksumLengthBytes = 0;
    }

    public void Dispose() => pool.Return(_content);
}
