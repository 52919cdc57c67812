using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Libvirt.Guard;
using RecoveryOperator.Hypervisors.Libvirt.Quiesce;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>A libvirt host with QEMU machines, as a source of replication and as a recovery target. Needs libvirt 9.0 or later.</summary>
public sealed partial class LibvirtHypervisor : IHypervisor, IRecoveryTarget
{
    internal const string DriverName = "Libvirt";
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly LibvirtOptions _options;
    private readonly LibvirtConnection _connection;
    private readonly SnapshotJob _job;
    private readonly SnapshotOpener _opener;
    private readonly CheckpointStore _checkpoints;
    private readonly ReplicaStore _replicas;
    private readonly PowerSwitch _power;
    private readonly SnapshotGuard? _guard;
    private readonly VaultServing _vault;

    /// <summary>Makes the driver and its folders; libvirt is first talked to by the first call. From now on recovered machines can read the vault.</summary>
    /// <param name="options">Where and how it works.</param>
    /// <param name="http">Client for reads from the vault; belongs to the caller.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it reports.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="HypervisorException">A folder or the socket cannot be made or given to QEMU's user, or that user does not exist.</exception>
    public LibvirtHypervisor(LibvirtOptions options, HttpClient http, TimeProvider time, ILogger<LibvirtHypervisor> logger)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.RuntimeDirectory.Length, LibvirtOptions.LongestRuntimeDirectory, "options.RuntimeDirectory.Length");
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ReadsInFlight, 1, "options.ReadsInFlight");
        ArgumentOutOfRangeException.ThrowIfLessThan(options.GuardStuckAfter, TimeSpan.FromSeconds(2), "options.GuardStuckAfter");
        (_options, _time, _logger) = (options, time, logger);
        _connection = new LibvirtConnection(options.Uri, logger);
        var account = QemuAccount.Find(options.QemuUser);
        foreach (var directory in new[] { options.ScratchDirectory, options.StorageDirectory, options.ConsoleDirectory, options.RuntimeDirectory })
            account.MakeDirectory(directory);
        var scratch = new ScratchSpace(options.ScratchDirectory, options.ScratchReserveBytes, FreeBytes);
        var freezer = new GuestFreezer(_connection, time, logger);
        _job = new SnapshotJob(_connection, options, freezer, time, logger);
        if (options.GuardCommand.Count > 0)
            _guard = new SnapshotGuard(options.GuardCommand, new GuardSettings(options.Uri, options.ScratchDirectory, options.RuntimeDirectory, options.GuardStuckAfter, Environment.ProcessId), time, logger);
        Rest = new RestCheck(time, logger);
        _opener = new SnapshotOpener(_connection, options, scratch, _job, _guard, freezer, Rest, time, logger);
        _checkpoints = new CheckpointStore(_connection, logger);
        _power = new PowerSwitch(_connection, time, logger);
        _vault = new VaultServing(options, account, http, time, logger);
        _replicas = new ReplicaStore(_connection, options, _vault.Disks, account, logger);
    }

    /// <inheritdoc/>
    public HypervisorCapabilities Capabilities { get; } = new(DriverName, TracksChanges: true, RunsReplicas: true, TracksFromFirstWrite: true);

    /// <summary>For tests: writes between its steps.</summary>
    internal RestCheck Rest { get; }

    /// <inheritdoc/>
    public Task<HostInventory> DescribeHostAsync(CancellationToken cancellationToken) => _connection.RunAsync(
        host =>
        {
            var machines = new List<VirtualMachine>();
            foreach (var domain in host.List())
            {
                using (domain) AddWhenDescribed(machines, domain);
            }

            return new HostInventory(host.HostName(), host.Version(), [.. host.Networks().Keys], FreeBytes(_options.StorageDirectory), machines);
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<VirtualMachine?> FindAsync(string idOrName, CancellationToken cancellationToken) => _connection.RunAsync(
        host =>
        {
            using var domain = host.Find(idOrName);
            return domain is null ? null : DomainDescription.Of(domain);
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<string?> FindIdAsync(string idOrName, CancellationToken cancellationToken) => _connection.RunAsync(
        host =>
        {
            using var domain = host.Find(idOrName);
            return domain?.Id;
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<PrerequisiteFailure>> CheckPrerequisitesAsync(
        string machineId,
        IReadOnlyCollection<string> excludedDisks,
        CancellationToken cancellationToken) => _connection.RunAsync<IReadOnlyList<PrerequisiteFailure>>(
        host =>
        {
            using var domain = host.Find(machineId);
            if (domain is null)
                return [new("MachineNotFound", $"machine {machineId}", "it is not defined on this host", "check the machine's name or id, and that it was not moved to another host")];
            return [.. MachinePrerequisites.Check(domain), .. DiskPrerequisites.Check(domain.Name, DomainDisk.All(domain.Xml(inactive: false)), excludedDisks)];
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<IMachineSnapshot> BeginSnapshotAsync(string machineId, SnapshotRequest request, CancellationToken cancellationToken) =>
        _opener.BeginAsync(machineId, request, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<string> WatchDisksAsync(CancellationToken cancellationToken) => new DiskWatch(_connection, _time, _logger).RunAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ChangeTrackingId>> ListCheckpointsAsync(string machineId, string owner, CancellationToken cancellationToken) =>
        _checkpoints.ListAsync(machineId, owner, cancellationToken);

    /// <inheritdoc/>
    public Task CommitCheckpointAsync(string machineId, string owner, ChangeTrackingId kept, CancellationToken cancellationToken) =>
        _checkpoints.CommitAsync(machineId, owner, kept, cancellationToken);

    /// <inheritdoc/>
    public Task AbandonCheckpointAsync(string machineId, string owner, ChangeTrackingId abandoned, CancellationToken cancellationToken) =>
        _checkpoints.AbandonAsync(machineId, owner, abandoned, cancellationToken);

    /// <inheritdoc/>
    public Task<LeftoverReport> CleanUpAsync(string machineId, string owner, CancellationToken cancellationToken) =>
        _job.CleanUpAsync(machineId, owner, cancellationToken);

    /// <inheritdoc/>
    public Task ReleaseAsync(string machineId, string owner, CancellationToken cancellationToken) =>
        _checkpoints.ReleaseAsync(machineId, owner, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _vault.DisposeAsync().ConfigureAwait(false);
        if (_guard is not null) await _guard.DisposeAsync().ConfigureAwait(false);
        _replicas.Dispose();
        _connection.Dispose();
    }

    /// <summary>One machine that goes away, or whose QEMU just dies or hangs, must not hide the others.</summary>
    private void AddWhenDescribed(List<VirtualMachine> machines, LibvirtDomain domain)
    {
        try
        {
            machines.Add(DomainDescription.Of(domain));
        }
        catch (HypervisorException error)
        {
            LogNotDescribed(error, domain.Name);
        }
    }

    private static long FreeBytes(string directory) => new DriveInfo(directory).AvailableFreeSpace;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Machine {Machine} is left out of the inventory: it cannot be described now")]
    private partial void LogNotDescribed(Exception error, string machine);
}
