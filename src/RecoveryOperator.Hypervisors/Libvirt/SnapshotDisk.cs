using System.Runtime.CompilerServices;
using RecoveryOperator.DataPath;
using RecoveryOperator.Hypervisors.Nbd;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>A disk of a snapshot, read over NBD.</summary>
internal sealed class SnapshotDisk(DomainDisk disk, NbdClient nbd, bool changesOnly) : ISnapshotDisk
{
    private long _bytesRead;

    public int Index => disk.Index;

    public string Target => disk.Target;

    public long SizeBytes => nbd.SizeBytes;

    public long BytesRead => Interlocked.Read(ref _bytesRead);

    public async ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        await nbd.ReadAsync(offsetBytes, buffer, cancellationToken).ConfigureAwait(false);
        Interlocked.Add(ref _bytesRead, buffer.Length);
    }

    public async IAsyncEnumerable<Extent> ExtentsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var open = default(Extent);
        var offsetBytes = 0L;
        while (offsetBytes < SizeBytes)
        {
            foreach (var status in await nbd.BlockStatusAsync(offsetBytes, cancellationToken).ConfigureAwait(false))
            {
                var lengthBytes = Math.Min(status.LengthBytes, SizeBytes - offsetBytes);
                if (lengthBytes > 0 && IsWanted(status.Flags))
                {
                    if (open.LengthBytes > 0 && open.EndBytes != offsetBytes) yield return open;
                    open = open.LengthBytes > 0 && open.EndBytes == offsetBytes
                        ? open with { LengthBytes = open.LengthBytes + lengthBytes }
                        : new Extent(offsetBytes, lengthBytes);
                }

                offsetBytes += lengthBytes;
            }
        }

        if (open.LengthBytes > 0) yield return open;
    }

    private bool IsWanted(uint flags) => changesOnly ? (flags & NbdProtocol.StateDirty) != 0 : (flags & NbdProtocol.StateZero) == 0;
}
