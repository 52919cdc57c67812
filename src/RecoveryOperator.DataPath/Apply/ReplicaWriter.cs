using System.Buffers;
using RecoveryOperator.DataPath.Checksums;

namespace RecoveryOperator.DataPath.Apply;

/// <summary>
/// Writes to a replica disk in few large pieces, some of them in flight at once. Checksums follow their content one call at a time.
/// </summary>
internal sealed class ReplicaWriter(IReplicaDisk disk, ArrayPool<byte> pool, int writesInFlight) : IAsyncDisposable
{
    /// <summary>Checksums of zeros are handed on in pieces that stand for 1 GiB of disk.</summary>
    private const int ZeroBlocksPerCall = 16 * 1024;

    private static readonly byte[] ZeroChecksums = new byte[ZeroBlocksPerCall * BlockChecksum.LengthBytes];

    private readonly Queue<(WriteBatch Batch, Task Writing)> _inFlight = new();
    private readonly Stack<WriteBatch> _free = new();
    private WriteBatch? _current;
    private int _batchCount;

    /// <summary>The batch that a range's content belongs into.</summary>
    public async ValueTask<WriteBatch> BatchForAsync(Extent range, CancellationToken cancellationToken)
    {
        if (_current is not null && !_current.Takes(range))
            StartWrite(cancellationToken);

        return _current ??= await TakeFreeAsync(cancellationToken);
    }

    public async ValueTask ClearAsync(Extent range, CancellationToken cancellationToken)
    {
        if (writesInFlight == 1)
            await FlushAsync(cancellationToken);
        StartWrite(cancellationToken);
        await disk.ClearAsync(range, cancellationToken);

        long blocks = BlockSize.Count(range.LengthBytes);
        for (long first = 0; first < blocks; first += ZeroBlocksPerCall)
        {
            int length = (int)Math.Min(ZeroBlocksPerCall, blocks - first) * BlockChecksum.LengthBytes;
            long offsetBytes = range.OffsetBytes + (first * BlockSize.Bytes);
            await disk.SetChecksumsAsync(offsetBytes, ZeroChecksums.AsMemory(0, length), cancellationToken);
        }
    }

    /// <summary>Returns when everything is written.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        StartWrite(cancellationToken);
        while (_inFlight.Count > 0)
            await FinishOldestAsync(cancellationToken);
    }

    /// <summary>Waits for the writes under way, also after an error: their buffers are not free before.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach ((WriteBatch batch, Task writing) in _inFlight)
        {
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            batch.Dispose();
        }

        while (_free.TryPop(out WriteBatch? batch))
            batch.Dispose();
        _current?.Dispose();
    }

    private void StartWrite(CancellationToken cancellationToken)
    {
        if (_current is not { } batch || batch.Content.IsEmpty)
            return;

        _current = null;
        _inFlight.Enqueue((batch, WriteAsync(batch, cancellationToken)));
    }

    private async Task WriteAsync(WriteBatch batch, CancellationToken cancellationToken) =>
        await disk.WriteAsync(batch.StartBytes, batch.Content, cancellationToken);

    private async ValueTask<WriteBatch> TakeFreeAsync(CancellationToken cancellationToken)
    {
        if (_free.Count == 0 && _batchCount < writesInFlight)
        {
            _batchCount++;
            return new WriteBatch(pool);
        }

        if (_free.Count == 0)
            await FinishOldestAsync(cancellationToken);
        return _free.Pop();
    }

    private async ValueTask FinishOldestAsync(CancellationToken cancellationToken)
    {
        (WriteBatch batch, Task writing) = _inFlight.Peek();
        await writing;
        await disk.SetChecksumsAsync(batch.StartBytes, batch.Checksums, cancellationToken);
        _inFlight.Dequeue();
        batch.Clear();
        _free.Push(batch);
    }
}
