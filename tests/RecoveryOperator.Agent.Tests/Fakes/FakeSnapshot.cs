using System.Runtime.CompilerServices;
using RecoveryOperator.DataPath;
using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Agent.Tests.Fakes;

/// <summary>A point in time of a <see cref="FakeMachine"/>.</summary>
internal sealed class FakeSnapshot : IMachineSnapshot
{
    private readonly FakeMachine _machine;
    private readonly int _endAfterReads;
    private int _reads;
    private bool _disposed;

    public FakeSnapshot(FakeMachine machine, IReadOnlyList<(int Place, string Target, byte[] Content, IReadOnlyList<int> Changed)> disks, int endAfterReads)
    {
        _machine = machine;
        _endAfterReads = endAfterReads;
        Machine = machine.Machine;
        Disks = [.. disks.Select(disk => new Disk(this, disk.Place, disk.Target, disk.Content, disk.Changed))];
    }

    public DateTimeOffset Instant { get; } = DateTimeOffset.UtcNow;

    public required SnapshotConsistency Consistency { get; init; }

    public VirtualMachine Machine { get; }

    public IReadOnlyList<ISnapshotDisk> Disks { get; }

    public bool ShouldEndSoon => Volatile.Read(ref _reads) >= _endAfterReads;

    public Task VerifyIntactAsync(CancellationToken cancellationToken)
    {
        _machine.Points.Hit("VerifyIntact");
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _disposed = true;
        _machine.Close(this);
        return default;
    }

    private sealed class Disk(FakeSnapshot snapshot, int index, string target, byte[] content, IReadOnlyList<int> changedBlocks) : ISnapshotDisk
    {
        public int Index => index;

        public string Target => target;

        public long BytesRead { get; private set; }

        public long SizeBytes => content.Length;

        public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken)
        {
            ObjectDisposedException.ThrowIf(snapshot._disposed, snapshot);
            snapshot._machine.CountRead(buffer.Length);
            Interlocked.Increment(ref snapshot._reads);
            BytesRead += buffer.Length;
            content.AsMemory((int)offsetBytes, buffer.Length).CopyTo(buffer);
            return default;
        }

        public async IAsyncEnumerable<Extent> ExtentsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Yield();
            foreach (int block in changedBlocks)
                yield return new Extent((long)block * BlockSize.Bytes, Math.Min(BlockSize.Bytes, content.Length - ((long)block * BlockSize.Bytes)));
        }
    }
}
