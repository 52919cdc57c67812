using RecoveryOperator.DataPath;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>A point in time at which all disks are as at the checkpoint before: there is nothing to read, and no job behind it.</summary>
internal sealed class UnchangedSnapshot(VirtualMachine machine, DateTimeOffset instant, IReadOnlyList<DomainDisk> disks) : IMachineSnapshot
{
    public DateTimeOffset Instant => instant;

    public VirtualMachine Machine => machine;

    public IReadOnlyList<ISnapshotDisk> Disks { get; } = [.. disks.Select(disk => new Disk(disk, machine.Definition.Disks.Single(described => described.Target == disk.Target).SizeBytes))];

    public bool ShouldEndSoon => false;

    /// <summary>Nothing is read, so nothing can have gone wrong with it.</summary>
    public Task VerifyIntactAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => default;

    private sealed class Disk(DomainDisk disk, long sizeBytes) : ISnapshotDisk
    {
        public int Index => disk.Index;

        public string Target => disk.Target;

        public long SizeBytes => sizeBytes;

        public long BytesRead => 0;

        public IAsyncEnumerable<Extent> ExtentsAsync(CancellationToken cancellationToken) => AsyncEnumerable.Empty<Extent>();

        public ValueTask ReadAsync(long offsetBytes, Memory<byte> buffer, CancellationToken cancellationToken) =>
            throw new InvalidOperationException($"Disk {disk.Target} was opened for its changes only, and has none.");
    }
}
