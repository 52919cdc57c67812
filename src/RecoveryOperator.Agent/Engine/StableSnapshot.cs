using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Agent.Engine;

/// <summary>
/// A point in time whose disks keep their indexes. A hypervisor numbers disks by their place, so one that is detached would shift all behind it, and
/// each would be taken for another. The index under which a disk is in the last set stays its own; a new disk gets one that none had.
/// </summary>
internal sealed class StableSnapshot : IMachineSnapshot
{
    private readonly IMachineSnapshot _inner;

    private StableSnapshot(IMachineSnapshot inner, IReadOnlyDictionary<string, int> indexes)
    {
        _inner = inner;
        Machine = inner.Machine with { Definition = StableIndexes.Apply(inner.Machine.Definition, indexes) };
        Disks = [.. inner.Disks.Select(disk => new Disk(disk, indexes[disk.Target])).OrderBy(disk => disk.Index)];
    }

    public DateTimeOffset Instant => _inner.Instant;

    public SnapshotConsistency Consistency => _inner.Consistency;

    public VirtualMachine Machine { get; }

    public IReadOnlyList<ISnapshotDisk> Disks { get; }

    public bool ShouldEndSoon => _inner.ShouldEndSoon;

    /// <summary>Opens a point in time of a protection's machine.</summary>
    public static async Task<IMachineSnapshot> OpenAsync(ProtectionContext context, SnapshotRequest request, CancellationToken cancellationToken)
    {
        IMachineSnapshot snapshot = await context.Hypervisor.BeginSnapshotAsync(context.MachineId, request, cancellationToken);
        IReadOnlyDictionary<string, int> indexes = StableIndexes.Of(context.Progress, snapshot.Machine.Definition);
        return snapshot.Machine.Definition.Disks.All(disk => indexes[disk.Target] == disk.Index) ? snapshot : new StableSnapshot(snapshot, indexes);
    }

    public Task VerifyIntactAsync(CancellationToken cancellationToken) => _inner.VerifyIntactAsync(cancellationToken);

    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    private sealed class Disk(ISnapshotDisk inner, int index) : ISnapshotDisk
    {
        public int Index => index;

        public string Target => inner.Target;

        public long SizeBytes => inner.SizeBytes;

        public long BytesRead => inner.BytesRead;

        public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
            inner.ReadAsync(offsetBytes, buffer, cancellationToken);

        public IAsyncEnumerable<DataPath.Extent> ExtentsAsync(CancellationToken cancellationToken) => inner.ExtentsAsync(cancellationToken);
    }
}
