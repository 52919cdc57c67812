using System.Globalization;
using System.Text.Json.Nodes;
using RecoveryOperator.DataPath;
using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Benchmarks.SimulatedHost;

/// <summary>A machine of the simulated hypervisor, with its checkpoints (names only) in memory.</summary>
internal sealed class SimulatedMachine
{
    private readonly string _changesPath;
    private readonly string _imagePath;
    private readonly Lock _lock = new();
    private ChangeTrackingId[] _checkpoints = [];

    private SimulatedMachine(string changesPath, string imagePath, VirtualMachine description)
    {
        _changesPath = changesPath;
        _imagePath = imagePath;
        Description = description;
    }

    public VirtualMachine Description { get; }

    public IReadOnlyList<ChangeTrackingId> Checkpoints
    {
        get
        {
            lock (_lock)
                return _checkpoints;
        }
    }

    public static SimulatedMachine Read(string folder)
    {
        JsonNode file = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "machine.json")))!;
        string image = Path.Combine(folder, (string)file["disks"]![0]!["file"]!);
        VirtualDisk disk = new(0, "vda", new FileInfo(image).Length, "virtio", "raw", image);
        VirtualMachineDefinition definition = new("Simulated", 1, 1 << 27, "Bios", [disk], [], null);
        return new SimulatedMachine(
            Path.Combine(folder, "changes"),
            image,
            new VirtualMachine((string)file["id"]!, (string)file["name"]!, PowerState.Running, definition));
    }

    public SimulatedSnapshot Open(SnapshotRequest request)
    {
        lock (_lock)
        {
            if (request.Since is { } since && !_checkpoints.Contains(since))
                throw new ChangeTrackingLostException($"The checkpoint {since} is gone: the simulated hypervisor was restarted.", "Protect the machine anew.");
            if (request.NewCheckpoint is { } made)
                _checkpoints = [.. _checkpoints, made];
        }

        long sizeBytes = Description.Definition.Disks[0].SizeBytes;
        return new SimulatedSnapshot(Description, _imagePath, request.Since is null ? [new Extent(0, sizeBytes)] : ReadChanges());
    }

    public void ForgetBefore(ChangeTrackingId kept) => Change(all => [.. all.SkipWhile(id => id != kept)]);

    public void ForgetFrom(ChangeTrackingId abandoned) => Change(all => [.. all.TakeWhile(id => id != abandoned)]);

    public void Forget() => Change(_ => []);

    private void Change(Func<ChangeTrackingId[], ChangeTrackingId[]> change)
    {
        lock (_lock)
            _checkpoints = change(_checkpoints);
    }

    private IReadOnlyList<Extent> ReadChanges() => !File.Exists(_changesPath) ? [] : [.. File.ReadLines(_changesPath).Select(ReadExtent)];

    private static Extent ReadExtent(string line)
    {
        string[] parts = line.Split(' ');
        return new Extent(long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
