using System.Runtime.CompilerServices;
using RecoveryOperator.DataPath;
using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>A point in time of a <see cref="ModelMachine"/>.</summary>
internal sealed class ModelSnapshot : IMachineSnapshot
{
    private readonly ModelMachine _machine;
    private readonly int _endAfterReads;
    private int _reads;
    private bool _disposed;

    public ModelSnapshot(
        ModelMachine machine, VirtualMachine described, DateTimeOffset instant, byte[][] content, IReadOnlySet<(int Disk, int Block)> changed, int endAfterReads)
    {
        _machine = machine;
        _endAfterReads = endAfterReads;
        Instant = instant;
        Machine = described;
        Disks = [.. content.Select((disk, index) => new Disk(this, index, disk, [.. changed.Where(block => block.Disk == index).Select(block => block.Block).Order()]))];
    }

    public DateTimeOffset Instant { get; }

    public required SnapshotConsistency Consistency { get; init; }

    public VirtualMachine Machine { get; }

    public IReadOnlyList<ISnapshotDisk> Disks { get; }

    public bool ShouldEndSoon => Volatile.Read(ref _reads) >= _endAfterReads;

    public Task VerifyIntactAsync(CancellationToken cancellationToken)
    {
        _machine.CheckIntact();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _disposed = true;
        _machine.Close(this);
        return default;
    }

    private sealed class Disk(ModelSnapshot snapshot, int index, byte[] content, IReadOnlyList<int> blocks) : ISnapshotDisk
    {
        public int Index => index;

        public string Target => ModelMachine.Target(index);

        public long BytesRead { get; private set; }

        public long SizeBytes => content.Length;

        public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            ObjectDisposedException.ThrowIf(snapshot._disposed, snapshot);
            snapshot._machine.CountRead(buffer.Length);
            Interlocked.Increment(ref snapshot._reads);
            BytesRead += buffer.Length;
            snapshot._machine.ContentOf(index, content).AsMemory((int)offsetBytes, buffer.Length).CopyTo(buffer);
            return default;
        }

        public async IAsyncEnumerable<Extent> ExtentsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Yield();
            foreach (int block in blocks)
            {
                long offset = (long)block * BlockSize.Bytes;
                yield return new Extent(offset, Math.Min(BlockSize.Bytes, content.Length - offset));
            }
        }
    }
}
