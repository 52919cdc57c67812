using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Images.Machines;
using RecoveryOperator.Hypervisors.Images.Replicas;
using RecoveryOperator.Hypervisors.Images.Snapshots;
using RecoveryOperator.Hypervisors.Images.Tracking;
using RecoveryOperator.Hypervisors.VaultDisks;

namespace RecoveryOperator.Hypervisors.Images;

/// <summary>
/// A folder of raw images as a host: the embedded default, and a way to protect disks that no hypervisor tracks. Changes are found by
/// checksum scan, unless size, times and inode prove that a file is unchanged. Linux only.
/// </summary>
public sealed partial class ImagesHypervisor : IHypervisor, IRecoveryTarget
{
    private readonly ImagesOptions options;
    private readonly ILogger<ImagesHypervisor> logger;
    private readonly MachineFolder folder;
    private readonly CheckpointStore checkpoints;
    private readonly SnapshotOpening opening;
    private readonly ReplicaCreation creation;
    private readonly GuestProcess guests;
    private readonly ReadLedger ledger = new();
    private readonly HttpClient anew = VaultWay.NewConnections();
    private readonly CancellationTokenSource closing = new();

    /// <summary>Serves the machines in <see cref="ImagesOptions.Root"/>.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="http">Client for downloads from the vault; belongs to the caller.</param>
    /// <param name="timeProvider">Clock.</param>
    /// <param name="logger">Log.</param>
    public ImagesHypervisor(ImagesOptions options, HttpClient http, TimeProvider timeProvider, ILogger<ImagesHypervisor> logger)
    {
        this.options = options;
        this.logger = logger;
        Directory.CreateDirectory(options.Root);
        Directory.CreateDirectory(options.StateDirectory);
        folder = new MachineFolder(options.Root, logger);
        checkpoints = new CheckpointStore(options.StateDirectory, logger);
        opening = new SnapshotOpening(options, checkpoints, timeProvider);
        guests = new GuestProcess(options, timeProvider, logger);
        var download = new SnapshotDownload(new VaultWay(
            new VaultDiskReader(http, timeProvider, logger),
            new VaultDiskReader(anew, timeProvider, logger),
            new ChunkCache(SnapshotDownload.TablesBytes),
            new VaultPatience(SnapshotDownload.Retries, options.DownloadRetryDelay),
            Turns: null,
            timeProvider,
            closing.Token));
        creation = new ReplicaCreation(folder, download, ledger, options.Root, options, timeProvider, logger);
    }

    /// <inheritdoc/>
    public HypervisorCapabilities Capabilities =>
        new("Images", TracksChanges: false, RunsReplicas: options.GuestCommand.Count > 0, TracksFromFirstWrite: false);

    /// <inheritdoc/>
    public Task<HostInventory> DescribeHostAsync(CancellationToken cancellationToken) => Task.Run(
        () => new HostInventory(
            options.HostName,
            "Images 1",
            folder.Networks(),
            folder.FreeBytes(),
            [.. folder.List().Select(machine => machine.Describe())]),
        cancellationToken);

    /// <inheritdoc/>
    public Task<VirtualMachine?> FindAsync(string idOrName, CancellationToken cancellationToken) =>
        Task.Run(() => folder.Find(idOrName)?.Describe(), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<PrerequisiteFailure>> CheckPrerequisitesAsync(
        string machineId, IReadOnlyCollection<string> excludedDisks, CancellationToken cancellationToken) =>
        Task.Run(
            () => folder.Find(machineId) is { } machine
                ? MachineChecks.Run(machine, excludedDisks)
                : [new PrerequisiteFailure(
                    "VmNotFound",
                    $"vm {machineId}",
                    $"The host has no such machine in '{options.Root}'.",
                    "Check the name or id, and that its machine.json can be read.")],
            cancellationToken);

    /// <inheritdoc/>
    public async Task<IMachineSnapshot> BeginSnapshotAsync(string machineId, SnapshotRequest request, CancellationToken cancellationToken)
    {
        var machine = await RequireAsync(machineId, cancellationToken);
        var snapshot = await opening.OpenAsync(machine, request, cancellationToken);
        LogSnapshot(machine.Name, request.Owner, request.Since?.Value, request.NewCheckpoint?.Value, snapshot.ScannedBytes);
        return snapshot;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ChangeTrackingId>> ListCheckpointsAsync(string machineId, string owner, CancellationToken cancellationToken)
    {
        var machine = await RequireAsync(machineId, cancellationToken);
        return [.. checkpoints.List(machine.Id, owner).Select(checkpoint => new ChangeTrackingId(checkpoint.Id))];
    }

    /// <inheritdoc/>
    public async Task CommitCheckpointAsync(string machineId, string owner, ChangeTrackingId kept, CancellationToken cancellationToken)
    {
        var machine = await RequireAsync(machineId, cancellationToken);
        var ordinal = checkpoints.Require(machine.Id, owner, kept).Ordinal;
        foreach (var older in checkpoints.List(machine.Id, owner).Where(checkpoint => checkpoint.Ordinal < ordinal))
        {
            checkpoints.Remove(owner, older);
        }
    }

    /// <inheritdoc/>
    public async Task AbandonCheckpointAsync(string machineId, string owner, ChangeTrackingId abandoned, CancellationToken cancellationToken)
    {
        var machine = await RequireAsync(machineId, cancellationToken);
        var all = checkpoints.List(machine.Id, owner);
        if (all.FirstOrDefault(checkpoint => checkpoint.Id == abandoned.Value) is not { } first)
        {
            return;
        }

        // The newest first: cut short, the rest is still there for the repeated call to find.
        foreach (var later in all.Reverse().TakeWhile(checkpoint => checkpoint.Ordinal >= first.Ordinal))
        {
            checkpoints.Remove(owner, later);
        }
    }

    /// <inheritdoc/>
    public async Task<LeftoverReport> CleanUpAsync(string machineId, string owner, CancellationToken cancellationToken)
    {
        var machine = await RequireAsync(machineId, cancellationToken);
        return new LeftoverReport(JobsEnded: 0, checkpoints.CleanUp(owner) + RemoveScratch(machine, owner), GuestResumed: false);
    }

    /// <inheritdoc/>
    /// <remarks>Also when the machine itself is gone.</remarks>
    public Task ReleaseAsync(string machineId, string owner, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            if (folder.Find(machineId) is { } machine)
            {
                RemoveScratch(machine, owner);
            }

            checkpoints.Release(owner);
        },
        cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (closing.IsCancellationRequested)
        {
            return; // As source and as target it is one, which a container disposes of twice.
        }

        await closing.CancelAsync();
        closing.Dispose();
        anew.Dispose();
    }

    private static int RemoveScratch(ImagesMachine machine, string owner)
    {
        var scratchPath = SnapshotOpening.ScratchPath(machine, owner);
        if (!Directory.Exists(scratchPath))
        {
            return 0;
        }

        var files = Directory.GetFiles(scratchPath, "*", SearchOption.AllDirectories).Length;
        Directory.Delete(scratchPath, recursive: true);
        return files;
    }

    private Task<ImagesMachine> RequireAsync(string machineId, CancellationToken cancellationToken) =>
        Task.Run(() => folder.Require(machineId), cancellationToken);
}
