using RecoveryOperator.DataPath.Checksums;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>
/// Known checksums that are read in pieces from somewhere slow. Holds at most four pieces of 64 KiB (each stands for 256 MiB of disk), so that
/// readers a little apart do not read a piece twice; memory is the same for any disk.
/// </summary>
/// <param name="lengthBytes">Length of the table; behind its end the copy holds zeros.</param>
/// <param name="load">Fills a buffer with the table's content from an offset of the table on.</param>
public sealed class KnownChecksumWindow(long lengthBytes, Func<long, Memory<byte>, CancellationToken, Task> load) : IKnownChecksums
{
    /// <summary>Bytes of the table in one piece: 4096 checksums.</summary>
    public const int PieceLengthBytes = 64 * 1024;

    private const int MaxPieces = 4;

    private readonly Lock _lock = new();
    private readonly LinkedList<(long Index, Task<byte[]> Content)> _pieces = new();

    /// <summary>A copy of which nothing but zeros is known: all of the disk's other content differs.</summary>
    public static IKnownChecksums Empty { get; } = new KnownChecksumWindow(0, (_, _, _) => Task.CompletedTask);

    /// <inheritdoc/>
    public async ValueTask ReadAsync(long offsetBytes, Memory<byte> checksums, CancellationToken cancellationToken)
    {
        long position = offsetBytes / BlockSize.Bytes * BlockChecksum.LengthBytes;
        while (!checksums.IsEmpty)
        {
            if (position >= lengthBytes)
            {
                checksums.Span.Clear();
                return;
            }

            byte[] piece = await PieceAsync(position / PieceLengthBytes, cancellationToken);
            int start = (int)(position % PieceLengthBytes);
            int length = Math.Min(PieceLengthBytes - start, checksums.Length);
            piece.AsSpan(start, length).CopyTo(checksums.Span);
            checksums = checksums[length..];
            position += length;
        }
    }

    private async Task<byte[]> PieceAsync(long index, CancellationToken cancellationToken)
    {
        Task<byte[]> content;
        lock (_lock)
        {
            LinkedListNode<(long Index, Task<byte[]> Content)>? known = Find(index);
            if (known is { Value.Content.IsFaulted: true } or { Value.Content.IsCanceled: true })
            {
                _pieces.Remove(known);
                known = null;
            }

            if (known is null)
            {
                if (_pieces.Count == MaxPieces)
                    _pieces.RemoveFirst();
                known = _pieces.AddLast((index, LoadAsync(index, cancellationToken)));
            }

            content = known.Value.Content;
        }

        return await content.WaitAsync(cancellationToken);
    }

    private LinkedListNode<(long Index, Task<byte[]> Content)>? Find(long index)
    {
        LinkedListNode<(long Index, Task<byte[]> Content)>? node = _pieces.First;
        while (node is not null && node.Value.Index != index)
            node = node.Next;
        return node;
    }

    private async Task<byte[]> LoadAsync(long index, CancellationToken cancellationToken)
    {
        // Elsewhere: the lock is held here.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        byte[] piece = new byte[PieceLengthBytes];
        int length = (int)Math.Min(PieceLengthBytes, lengthBytes - (index * PieceLengthBytes));
        await load(index * PieceLengthBytes, piece.AsMemory(0, length), cancellationToken);
        return piece;
    }
}
