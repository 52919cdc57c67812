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
    private readonly List<FakeDisk> _disks = [.. Enumerable.Range(0, disks).Select(index => new FakeDisk($"vd{(char)('a' + index)}", new byte[sizeBytes]))];
    private readonly List<Checkpoint> _checkpoints = [];
    private FakeSnapshot? _open;

    public string MachineId { get; init; } = "11111111-2222-3333-4444-555555555555";

    public FaultPoints Points { get; init; } = new();

    /// <summary>What the disks held at each checkpoint, by target.</summary>
    public Dictionary<string, Dictionary<string, byte[]>> ContentAt { get; } = [];


    /// <summary>Called for each read of a snapshot: the guest goes on writing.</summary>
    public Action? OnRead { get; set; }

    /// <summary>Reads after which a full snapshot should be ended.</summary>
    public int EndAfterReads { get; set; } = int.MaxValue;

    public long BytesRead { get; private set; }

    /// <summary>Images of the disks, by index.</summary>
    public string[]? Sources { get; set; }

    /// <summary>Told when the machine is to be released; what it throws is the failure.</summary>
    public Action? OnRelease { get; set; }

    /// <summary>The host does not end a snapshot's job when it is asked to, as when libvirtd is away.</summary>
    public bool LeavesJobs { get; set; }

    public int SnapshotsOpened { get; private set; }

    /// <summary>What comes of a snapshot that asks to be quiesced.</summary>
    public SnapshotConsistency Quiesced { get; set; } = SnapshotConsistency.App;

    public HypervisorCapabilities Capabilities { get; } = new("Fake", tracks, false, false);

    public IReadOnlyList<string> CheckpointIds => [.. _checkpoints.Select(checkpoint => checkpoint.Id.Value)];

    public bool HasOpenSnapshot => _open is not null;

    public VirtualMachine Machine => new(MachineId, "web-1", PowerState.Running, new VirtualMachineDefinition(
        "Fake", 1, 1 << 30, "Bios", [.. _disks.Select((disk, index) => new VirtualDisk(index, disk.Target, disk.Content.Length, "virtio", "qcow2", Sources?[index]))], [], "<fake/>"));

    public void Write(int disk, int offset, ReadOnlySpan<byte> content)
    {
        lock (_lock)
        {
            content.CopyTo(_disks[disk].Content.AsSpan(offset));
            if (_checkpoints.LastOrDefault() is not { } newest)
                return;
            for (int block = offset / BlockBytes; block <= (offset + content.Length - 1) / BlockBytes; block++)
                newest.Dirty.Add((_disks[disk].Target, block));
        }
    }

    public byte[] Read(int disk, int offset, int length) => _disks[disk].Content[offset..(offset + length)];

    /// <summary>A disk appears behind the others.</summary>
    public void Attach(string target, byte[] content)
    {
        lock (_lock)
            _disks.Add(new FakeDisk(target, content));
    }

    public void Detach(string target)
    {
        lock (_lock)
            _disks.RemoveAll(disk => disk.Target == target);
    }

    /// <summary>A disk gets another size; nothing tells what of it changed.</summary>
    public void Resize(string target, int sizeInBytes)
    {
        lock (_lock)
        {
            FakeDisk disk = _disks.Single(candidate => candidate.Target == target);
            byte[] content = new byte[sizeInBytes];
            disk.Content.AsSpan(0, Math.Min(sizeInBytes, disk.Content.Length)).CopyTo(content);
            disk.Content = content;
        }
    }

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
        OnRelease?.Invoke();
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
            List<(int Place, FakeDisk Disk)> included = [.. _disks.Index().Where(disk => !request.ExcludedDisks.Contains(disk.Item.Target)).Select(disk => (disk.Index, disk.Item))];
            Dictionary<string, HashSet<int>> changed = included.ToDictionary(
                disk => disk.Disk.Target,
                disk => request.Since is { } since && !request.WholeDisks.Contains(disk.Disk.Target) ? ChangedSince(since, disk.Disk) : Allocated(disk.Disk));
            Dictionary<string, byte[]> content = included.ToDictionary(disk => disk.Disk.Target, disk => (byte[])disk.Disk.Content.Clone());
            if (request.NewCheckpoint is { } made)
            {
                _checkpoints.Add(new Checkpoint(made, content, []));
                ContentAt[made.Value] = content;
            }

            SnapshotsOpened++;
            return _open = new FakeSnapshot(
                this,
                [.. included.Select(disk => (disk.Place, disk.Disk.Target, content[disk.Disk.Target], (IReadOnlyList<int>)[.. changed[disk.Disk.Target].Order()]))],
                request.Since is null ? EndAfterReads : int.MaxValue)
            {
                Consistency = request.QuiesceWithin is null ? SnapshotConsistency.Crash : Quiesced,
            };
        }
    }

    private HashSet<int> ChangedSince(ChangeTrackingId since, FakeDisk disk)
    {
        int index = _checkpoints.FindIndex(checkpoint => checkpoint.Id == since);
        if (index < 0)
            throw new ChangeTrackingLostException($"The checkpoint {since} is gone.", "Resynchronize.");
        if (!_checkpoints[index].Content.TryGetValue(disk.Target, out byte[]? before))
            return tracks ? throw new ChangeTrackingLostException($"The checkpoint {since} knows no {disk.Target}.", "Resynchronize.") : [.. Blocks(disk)];
        return tracks
            ? [.. _checkpoints[index..].SelectMany(checkpoint => checkpoint.Dirty).Where(block => block.Target == disk.Target).Select(block => block.Block)]
            : [.. Blocks(disk).Where(block => !BlockOf(disk.Content, block).SequenceEqual(BlockOf(before, block)))];
    }

    private static HashSet<int> Allocated(FakeDisk disk) => [.. Blocks(disk).Where(block => BlockOf(disk.Content, block).ContainsAnyExcept((byte)0))];

    private static IEnumerable<int> Blocks(FakeDisk disk) => Enumerable.Range(0, (disk.Content.Length + BlockBytes - 1) / BlockBytes);

    private static ReadOnlySpan<byte> BlockOf(byte[] disk, int block) => block * BlockBytes >= disk.Length
        ? default
        : disk.AsSpan(block * BlockBytes, Math.Min(BlockBytes, disk.Length - (block * BlockBytes)));

    private sealed class FakeDisk(string target, byte[] content)
    {
        public string Target { get; } = target;

        public byte[] Content { get; set; } = content;
    }

    private sealed record Checkpoint(ChangeTrackingId Id, Dictionary<string, byte[]> Content, HashSet<(string Target, int Block)> Dirty);
}
