using System.Collections.Concurrent;
using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Benchmarks.SimulatedHost;

/// <summary>
/// A hypervisor whose tracker is told what changed: a machine is a folder with <c>machine.json</c> and a raw image, its changed ranges stand in the file
/// <c>changes</c>, a line <c>offset length</c> for each. Without that file nothing has changed. It runs no guests and brings up no replicas.
/// </summary>
internal sealed class SimulatedHypervisor(string root) : IHypervisor, IRecoveryTarget
{
    private readonly ConcurrentDictionary<string, SimulatedMachine> _machines = new(StringComparer.Ordinal);

    public HypervisorCapabilities Capabilities { get; } = new("Simulated", TracksChanges: true, RunsReplicas: false, TracksFromFirstWrite: false);

    public Task<HostInventory> DescribeHostAsync(CancellationToken cancellationToken) => Task.FromResult(
        new HostInventory("simulated", "simulated 1", [], 0, [.. All().Select(machine => machine.Description)]));

    public Task<VirtualMachine?> FindAsync(string idOrName, CancellationToken cancellationToken) => Task.FromResult(
        _machines.Values.Concat(All()).FirstOrDefault(machine => machine.Description.Id == idOrName || machine.Description.Name == idOrName)?.Description);

    public Task<IReadOnlyList<PrerequisiteFailure>> CheckPrerequisitesAsync(
        string machineId, IReadOnlyCollection<string> excludedDisks, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<PrerequisiteFailure>>([]);

    public Task<IMachineSnapshot> BeginSnapshotAsync(string machineId, SnapshotRequest request, CancellationToken cancellationToken) =>
        Task.FromResult<IMachineSnapshot>(Machine(machineId).Open(request));

    public Task<IReadOnlyList<ChangeTrackingId>> ListCheckpointsAsync(string machineId, string owner, CancellationToken cancellationToken) =>
        Task.FromResult(Machine(machineId).Checkpoints);

    public Task CommitCheckpointAsync(string machineId, string owner, ChangeTrackingId kept, CancellationToken cancellationToken)
    {
        Machine(machineId).ForgetBefore(kept);
        return Task.CompletedTask;
    }

    public Task AbandonCheckpointAsync(string machineId, string owner, ChangeTrackingId abandoned, CancellationToken cancellationToken)
    {
        Machine(machineId).ForgetFrom(abandoned);
        return Task.CompletedTask;
    }

    public Task<LeftoverReport> CleanUpAsync(string machineId, string owner, CancellationToken cancellationToken) =>
        Task.FromResult(new LeftoverReport(0, 0, false));

    public Task ReleaseAsync(string machineId, string owner, CancellationToken cancellationToken)
    {
        Machine(machineId).Forget();
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<PrerequisiteFailure>> CheckReplicaAsync(ReplicaRequest request, CancellationToken cancellationToken) => throw NoReplicas();

    public Task<VirtualMachine> CreateReplicaAsync(ReplicaRequest request, IProgress<double>? progress, CancellationToken cancellationToken) => throw NoReplicas();

    public Task StartAsync(string machineId, CancellationToken cancellationToken) => throw NoReplicas();

    public Task<bool> ShutDownAsync(string machineId, TimeSpan timeout, CancellationToken cancellationToken) => throw NoReplicas();

    public Task DestroyAsync(string machineId, CancellationToken cancellationToken) => throw NoReplicas();

    public Task DeleteReplicaMadeForAsync(string owner, string operationId, string name, CancellationToken cancellationToken) => throw NoReplicas();

    public Task<bool?> DoesGuestAnswerAsync(string machineId, CancellationToken cancellationToken) => throw NoReplicas();

    public Task DeleteReplicaAsync(string machineId, CancellationToken cancellationToken) => throw NoReplicas();

    public Task<IReadOnlyList<string>> ResumeStoppedReplicasAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<string>>([]);

    public Task SetAutostartAsync(string machineId, bool autostart, CancellationToken cancellationToken) => throw NoReplicas();

    public ValueTask DisposeAsync() => default;

    private IEnumerable<SimulatedMachine> All()
    {
        foreach (string folder in Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal))
        {
            SimulatedMachine machine = SimulatedMachine.Read(folder);
            yield return _machines.GetOrAdd(machine.Description.Id, machine);
        }
    }

    private SimulatedMachine Machine(string id) => _machines.TryGetValue(id, out SimulatedMachine? known)
        ? known
        : All().FirstOrDefault(machine => machine.Description.Id == id)
            ?? throw new HypervisorException(HypervisorFault.NotFound, $"There is no machine {id} in '{root}'.", "Correct the id.");

    private static HypervisorException NoReplicas() => new(
        HypervisorFault.Unsupported, "The simulated hypervisor runs no replicas.", "Use the Libvirt or the Images driver.");
}
