using RecoveryOperator.DataPath;
using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>
/// A machine whose disks are in memory, on a hypervisor that tracks changes, or compares as the Images driver does. It remembers what its disks held at
/// each checkpoint: that is the truth that recovery points are held against. It holds its caller to the contract of <see cref="IHypervisor"/>.
/// </summary>
internal sealed class ModelMachine(bool tracks, TimeProvider time, Effects effects, params int[] sizes) : IHypervisor
{
    private const int BlockBytes = BlockSize.Bytes;

    private readonly Lock _lock = new();
    private readonly List<Tracking> _checkpoints = [];
    private byte[][] _disks = [.. sizes.Select(size => new byte[size])];
    private ModelSnapshot? _open;

    public const string MachineId = "11111111-2222-3333-4444-555555555555";

    /// <summary>What the disks held at each checkpoint.</summary>
    public Dictionary<string, byte[][]> ContentAt { get; } = [];

    /// <summary>Reads after which a full snapshot should be ended.</summary>
    public int EndAfterReads { get; set; } = 3;

    /// <summary>Bytes of content read so far.</summary>
    public long BytesRead { get; private set; }

    /// <summary>The guest goes on writing while it is copied.</summary>
    public Action? OnRead { get; set; }

    /// <summary>A snapshot shows what the disks hold now, as an image does that is written to while it is read, and says so when it is asked.</summary>
    public bool TearsSnapshots { get; set; }

    /// <summary>The guest agent does not confirm a thaw in time.</summary>
    public bool ThawsLate { get; set; }

    public int DiskCount => _disks.Length;

    public int SizeOf(int disk) => _disks[disk].Length;

    public HypervisorCapabilities Capabilities { get; } = new("Model", tracks, false, false);

    public IReadOnlyList<string> CheckpointIds
    {
        get
        {
            lock (_lock)
                return [.. _checkpoints.Select(checkpoint => checkpoint.Id.Value)];
        }
    }

    public bool HasOpenSnapshot => _open is not null;

    public byte[][] Now
    {
        get
        {
            lock (_lock)
                return [.. _disks.Select(disk => (byte[])disk.Clone())];
        }
    }

    private VirtualMachine Machine => new(MachineId, "web-1", PowerState.Running, new VirtualMachineDefinition(
        "Model", 1, 1 << 30, "Bios", [.. _disks.Select((disk, index) => new VirtualDisk(index, Target(index), disk.Length, "virtio", "qcow2", $"/images/{index}"))], [], "<model/>"));

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

    public byte[] Read(int disk, int offset, int length)
    {
        lock (_lock)
            return _disks[disk][offset..(offset + length)];
    }

    public void Grow(int disk, int size)
    {
        lock (_lock)
            Array.Resize(ref _disks[disk], Math.Max(size, _disks[disk].Length));
    }

    public void Attach(int size)
    {
        lock (_lock)
            _disks = [.. _disks, new byte[size]];
    }

    public void LoseTracking()
    {
        lock (_lock)
            _checkpoints.Clear();
    }

    /// <summary>Another machine, made from a recovery point: no host of it knows what changed since.</summary>
    public void Recover(byte[][] content)
    {
        lock (_lock)
        {
            (_disks, _open) = ([.. content.Select(disk => (byte[])disk.Clone())], null);
            _checkpoints.Clear();
        }
    }

    public Task<HostInventory> DescribeHostAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new HostInventory("host", "model 1", ["default"], 1L << 40, [Machine]));

    public Task<VirtualMachine?> FindAsync(string idOrName, CancellationToken cancellationToken) =>
        Task.FromResult(idOrName is MachineId or "web-1" ? Machine : null);

    public Task<IReadOnlyList<PrerequisiteFailure>> CheckPrerequisitesAsync(
        string machineId, IReadOnlyCollection<string> excludedDisks, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<PrerequisiteFailure>>([]);

    public Task<IMachineSnapshot> BeginSnapshotAsync(string machineId, SnapshotRequest request, CancellationToken cancellationToken)
    {
        effects.Hit("before BeginSnapshot");
        IMachineSnapshot snapshot = Begin(request);
        try
        {
            effects.Hit("after BeginSnapshot");
            return Task.FromResult(snapshot);
        }
        catch (BrokenEffectException) when (!effects.IsDead)
        {
            // A driver that refuses leaves nothing behind.
            lock (_lock)
            {
                _open = null;
                Remove(request.NewCheckpoint, andLater: false);
            }

            throw;
        }
    }

    public Task<IReadOnlyList<ChangeTrackingId>> ListCheckpointsAsync(string machineId, string owner, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ChangeTrackingId>>([.. CheckpointIds.Select(id => new ChangeTrackingId(id))]);

    public Task CommitCheckpointAsync(string machineId, string owner, ChangeTrackingId kept, CancellationToken cancellationToken) => Effect("CommitCheckpoint", () =>
    {
        int index = _checkpoints.FindIndex(checkpoint => checkpoint.Id == kept);
        if (index > 0)
            _checkpoints.RemoveRange(0, index);
    });

    public Task AbandonCheckpointAsync(string machineId, string owner, ChangeTrackingId abandoned, CancellationToken cancellationToken) => Effect("AbandonCheckpoint", () =>
    {
        Assert.False(HasOpenSnapshot, "a checkpoint was abandoned while a snapshot is open");
        Remove(abandoned, andLater: true);
    });

    public Task<LeftoverReport> CleanUpAsync(string machineId, string owner, CancellationToken cancellationToken)
    {
        effects.Hit("before CleanUp");
        bool left = _open is not null;
        _open = null;
        return Task.FromResult(new LeftoverReport(left ? 1 : 0, 0, false));
    }

    public Task ReleaseAsync(string machineId, string owner, CancellationToken cancellationToken) => Effect("Release", _checkpoints.Clear);

    public ValueTask DisposeAsync() => default;

    public static string Target(int disk) => $"vd{(char)('a' + disk)}";

    /// <summary>The place of a disk among the machine's.</summary>
    public static int IndexOf(string target) => target[^1] - 'a';

    internal void CountRead(int lengthBytes)
    {
        effects.Hit("read");
        BytesRead += lengthBytes;
        OnRead?.Invoke();
    }

    internal void CheckIntact()
    {
        effects.Hit("VerifyIntact");
        if (TearsSnapshots)
            throw new HypervisorException(HypervisorFault.Transient, "An image was written to while it was read.", "It is tried again.");
    }

    /// <summary>What a snapshot shows of a disk.</summary>
    internal byte[] ContentOf(int disk, byte[] atInstant) => TearsSnapshots ? Now[disk] : atInstant;

    internal void Close(ModelSnapshot snapshot)
    {
        if (_open == snapshot && !effects.IsDead)
            _open = null;
    }

    private async Task Effect(string name, Action effect) => await effects.RunAsync(name, () =>
    {
        lock (_lock)
            effect();
        return Task.FromResult(0);
    });

    private void Remove(ChangeTrackingId? id, bool andLater)
    {
        int index = _checkpoints.FindIndex(checkpoint => checkpoint.Id == id);
        if (index < 0)
            return;
        int end = andLater ? _checkpoints.Count : index + 1;
        if (index > 0)
            _checkpoints[index - 1].Dirty.UnionWith(_checkpoints[index..end].SelectMany(checkpoint => checkpoint.Dirty));
        _checkpoints.RemoveRange(index, end - index);
    }

    private ModelSnapshot Begin(SnapshotRequest request)
    {
        lock (_lock)
        {
            if (_open is not null)
                throw new HypervisorException(HypervisorFault.Transient, "Another job is in the way.", "It is tried again.");
            Assert.DoesNotContain(_checkpoints, checkpoint => checkpoint.Id == request.NewCheckpoint);
            HashSet<(int Disk, int Block)> changed = request.Since is { } since ? ChangedSince(since) : Allocated();
            changed.RemoveWhere(block => request.WholeDisks.Contains(Target(block.Disk)));
            changed.UnionWith(Allocated().Where(block => request.WholeDisks.Contains(Target(block.Disk))));
            byte[][] content = Now;
            if (request.NewCheckpoint is { } made)
            {
                _checkpoints.Add(new Tracking(made, content, []));
                ContentAt[made.Value] = content;
            }

            return _open = new ModelSnapshot(this, Machine, time.GetUtcNow(), content, changed, request.Since is null ? EndAfterReads : int.MaxValue)
            {
                Consistency = request.QuiesceWithin is null ? SnapshotConsistency.Crash
                    : ThawsLate ? new SnapshotConsistency(false, QuiesceReasons.ThawFailed, "The thaw came after the time that was allowed.")
                    : SnapshotConsistency.App,
            };
        }
    }

    private HashSet<(int Disk, int Block)> ChangedSince(ChangeTrackingId since)
    {
        int index = _checkpoints.FindIndex(checkpoint => checkpoint.Id == since);
        if (index < 0)
            throw new ChangeTrackingLostException($"The checkpoint {since} is gone.", "Resynchronize.");
        return tracks
            ? [.. _checkpoints[index..].SelectMany(checkpoint => checkpoint.Dirty)]
            : [.. Blocks().Where(block => !BlockOf(_disks, block).SequenceEqual(BlockOf(_checkpoints[index].Content, block)))];
    }

    private HashSet<(int Disk, int Block)> Allocated() => [.. Blocks().Where(block => BlockOf(_disks, block).ContainsAnyExcept((byte)0))];

    private IEnumerable<(int Disk, int Block)> Blocks() => _disks.SelectMany((disk, index) =>
        Enumerable.Range(0, (disk.Length + BlockBytes - 1) / BlockBytes).Select(block => (index, block)));

    private static ReadOnlySpan<byte> BlockOf(byte[][] disks, (int Disk, int Block) block)
    {
        if (block.Disk >= disks.Length || block.Block * BlockBytes >= disks[block.Disk].Length)
            return default;
        byte[] disk = disks[block.Disk];
        return disk.AsSpan(block.Block * BlockBytes, Math.Min(BlockBytes, disk.Length - (block.Block * BlockBytes)));
    }

    private sealed record Tracking(ChangeTrackingId Id, byte[][] Content, HashSet<(int Disk, int Block)> Dirty);
}
