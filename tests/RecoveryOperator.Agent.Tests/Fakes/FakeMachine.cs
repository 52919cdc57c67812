using RecoveryOperator.DataPath;
using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Agent.Tests.Fakes;

/// <summary>
/// A machine with disks in memory and a hypervisor that tracks its changes (or, as the Images driver does, compares with what they were). Holds its
/// caller to the contract: one snapshot at a time, no checkpoint made twice, none committed that is not there.
/// </summary>
public sealed class FakeMachine(int disks, int sizeBytes, bool tracks = true) : IHypervisor
{
    private const int BlockBytes = BlockSize.Bytes;

    private readonly Lock _lock = new();
    private readonly byte[][] _disks = [.. Enumerable.Range(0, disks).Select(_ => new byte[sizeBytes])];
    private readonly List<Checkpoint> _checkpoints = [];
    private FakeSnapshot? _open;

    public string MachineId { get; init; } = "11111111-2222-3333-4444-555555555555";

    public FaultPoints Points { get; init; } = new();

    /// <summary>What the disks held at each checkpoint.</summary>
    public Dictionary<string, byte[][]> ContentAt { get; } = [];

    /// <summary>Called for each read of a snapshot: the guest goes on writing.</summary>
    public Action? OnRead { get; set; }

    /// <summary>Reads after which a full snapshot should be ended.</summary>
    public int EndAfterReads { get; set; } = int.MaxValue;

    public long BytesRead { get; private set; }

    /// <summary>Images of the disks, by index.</summary>
    public string[]? Sources { get; set; }

    /// <summary>The host does not end a snapshot's job when it is asked to, as when libvirtd is away.</summary>
    public bool LeavesJobs { get; set; }

    public int SnapshotsOpened { get; private set; }

    public HypervisorCapabilities Capabilities { get; } = new("Fake", tracks, false, false);

    public IReadOnlyList<string> CheckpointIds => [.. _checkpoints.Select(checkpoint => checkpoint.Id.Value)];

    public bool HasOpenSnapshot => _open is not null;

    public VirtualMachine Machine => new(MachineId, "web-1", PowerState.Running, new VirtualMachineDefinition(
        "Fake", 1, 1 << 30, "Bios", [.. _disks.Select((disk, index) => new VirtualDisk(index, $"vd{(char)('a' + index)}", disk.Length, "virtio", "qcow2", Sources?[index]))], [], "<fake/>"));

    public void Write(int disk, int offset, ReadOnlySpan<byte> content)
    {
        lock (_lock)
        {
            content.CopyTo(_disks[disk].AsSpan(offset));
            if (_checkpoints.LastOrDefault() is not { } newest)
                return;
            for (int block = offset / BlockBytes; block <= (offset + content.Length - 1) / BlockBytes; block++)
                newest.Dirty.Add((disk, block));
        }
    }

    public byte[] Read(int disk, int offset, int length) => _disks[disk][offset..(offset + length)];

    public void LoseTracking()
    {
        lock (_lock)
            _checkpoints.Clear();
    }

    public Task<HostInventory> DescribeHostAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new HostInventory("host", "fake 1", ["default"], 1L << 40, [Machine]));

    public Task<VirtualMachine?> FindAsync(string idOrName, CancellationToken cancellationToken) =>
        Task.FromResult(idOrName == MachineId || idOrName == Machine.Name ? Machine : null);

    public Task<IReadOnlyList<PrerequisiteFailure>> CheckPrerequisitesAsync(
        string machineId, IReadOnlyCollection<string> excludedDisks, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<PrerequisiteFailure>>([]);

    public Task<IMachineSnapshot> BeginSnapshotAsync(string machineId, SnapshotRequest request, CancellationToken cancellationToken)
    {
        Points.Hit("before BeginSnapshot");
        IMachineSnapshot snapshot = Begin(request);
        try
        {
            Points.Hit("after BeginSnapshot");
            return Task.FromResult(snapshot);
        }
        catch (InjectedFaultException) when (!Points.IsCrashed)
        {
            // A driver that refuses leaves nothing behind.
            _open = null;
            Forget(request.NewCheckpoint);
            throw;
        }
    }

    public Task<IReadOnlyList<ChangeTrackingId>> ListCheckpointsAsync(string machineId, string owner, CancellationToken cancellationToken)
    {
        lock (_lock)
            return Task.FromResult<IReadOnlyList<ChangeTrackingId>>([.. _checkpoints.Select(checkpoint => checkpoint.Id)]);
    }

    public Task CommitCheckpointAsync(string machineId, string owner, ChangeTrackingId kept, CancellationToken cancellationToken) =>
        Points.RunAsync("CommitCheckpoint", () =>
        {
            lock (_lock)
            {
                int index = _checkpoints.FindIndex(checkpoint => checkpoint.Id == kept);
                if (index > 0)
                    _checkpoints.RemoveRange(0, index);
            }

            return Task.CompletedTask;
        });

    public Task AbandonCheckpointAsync(string machineId, string owner, ChangeTrackingId abandoned, CancellationToken cancellationToken) =>
        Points.RunAsync("AbandonCheckpoint", () =>
        {
            lock (_lock)
            {
                Assert.False(HasOpenSnapshot, "a checkpoint was abandoned while a snapshot is open");
                int index = _checkpoints.FindIndex(checkpoint => checkpoint.Id == abandoned);
                if (index < 0)
                    return Task.CompletedTask;
                if (index > 0)
                    _checkpoints[index - 1].Dirty.UnionWith(_checkpoints[index..].SelectMany(checkpoint => checkpoint.Dirty));
                _checkpoints.RemoveRange(index, _checkpoints.Count - index);
            }

            return Task.CompletedTask;
        });

    public Task<LeftoverReport> CleanUpAsync(string machineId, string owner, CancellationToken cancellationToken)
    {
        bool left = _open is not null;
        _open = null;
        return Task.FromResult(new LeftoverReport(left ? 1 : 0, 0, false));
    }

    public Task ReleaseAsync(string machineId, string owner, CancellationToken cancellationToken)
    {
        LoseTracking();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => default;

    internal void CountRead(int lengthBytes)
    {
        Points.Hit("read");
        BytesRead += lengthBytes;
        OnRead?.Invoke();
    }

    internal void Close(FakeSnapshot snapshot)
    {
        if (_open == snapshot && !Points.IsCrashed && !LeavesJobs)
            _open = null;
    }

    private void Forget(ChangeTrackingId? id)
    {
        lock (_lock)
        {
            int index = _checkpoints.FindIndex(checkpoint => checkpoint.Id == id);
            if (index > 0)
                _checkpoints[index - 1].Dirty.UnionWith(_checkpoints[index].Dirty);
            if (index >= 0)
                _checkpoints.RemoveAt(index);
        }
    }

    private FakeSnapshot Begin(SnapshotRequest request)
    {
        lock (_lock)
        {
            if (_open is not null)
                throw new HypervisorException(HypervisorFault.Transient, "Another job is in the way.", "It is tried again.");
            Assert.DoesNotContain(_checkpoints, checkpoint => checkpoint.Id == request.NewCheckpoint);
            IReadOnlySet<(int Disk, int Block)> changed = request.Since is { } since ? ChangedSince(since) : Allocated();
            byte[][] content = [.. _disks.Select(disk => (byte[])disk.Clone())];
            if (request.NewCheckpoint is { } made)
            {
                _checkpoints.Add(new Checkpoint(made, content, []));
                ContentAt[made.Value] = content;
            }

            SnapshotsOpened++;
            return _open = new FakeSnapshot(this, content, changed, request.Since is null ? EndAfterReads : int.MaxValue);
        }
    }

    private HashSet<(int, int)> ChangedSince(ChangeTrackingId since)
    {
        int index = _checkpoints.FindIndex(checkpoint => checkpoint.Id == since);
        if (index < 0)
            throw new ChangeTrackingLostException($"The checkpoint {since} is gone.", "Resynchronize.");
        return tracks
            ? [.. _checkpoints[index..].SelectMany(checkpoint => checkpoint.Dirty)]
            : [.. Blocks().Where(block => !BlockOf(_disks[block.Disk], block.Block).SequenceEqual(BlockOf(_checkpoints[index].Content[block.Disk], block.Block)))];
    }

    private HashSet<(int, int)> Allocated() => [.. Blocks().Where(block => BlockOf(_disks[block.Disk], block.Block).ContainsAnyExcept((byte)0))];

    private IEnumerable<(int Disk, int Block)> Blocks() => _disks.SelectMany((disk, index) =>
        Enumerable.Range(0, (disk.Length + BlockBytes - 1) / BlockBytes).Select(block => (index, block)));

    private static ReadOnlySpan<byte> BlockOf(byte[] disk, int block) =>
        disk.AsSpan(block * BlockBytes, Math.Min(BlockBytes, disk.Length - (block * BlockBytes)));

    private sealed record Checkpoint(ChangeTrackingId Id, byte[][] Content, HashSet<(int Disk, int Block)> Dirty);
}
