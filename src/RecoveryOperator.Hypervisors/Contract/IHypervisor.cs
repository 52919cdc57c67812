using System.Runtime.CompilerServices;

namespace RecoveryOperator.Hypervisors;

/// <summary>
/// A host as a source of replication: what runs there, and points in time of it. One instance per host, safe for concurrent use.
/// Expected refusals are <see cref="HypervisorException"/>s, classified once by the driver.
/// </summary>
public interface IHypervisor : IAsyncDisposable
{
    /// <summary>What the driver and the host can do.</summary>
    HypervisorCapabilities Capabilities { get; }

    /// <summary>The host's name, version, networks, storage and virtual machines as of now.</summary>
    Task<HostInventory> DescribeHostAsync(CancellationToken cancellationToken);

    /// <summary>One machine by id or, when no machine has that id, by name; null when the host has neither.</summary>
    Task<VirtualMachine?> FindAsync(string idOrName, CancellationToken cancellationToken);

    /// <summary>The id alone of what <see cref="FindAsync"/> finds: asked for in every cycle of a machine that is protected by its name.</summary>
    async Task<string?> FindIdAsync(string idOrName, CancellationToken cancellationToken) =>
        (await FindAsync(idOrName, cancellationToken).ConfigureAwait(false))?.Id;

    /// <summary>Everything that keeps the machine from being protected, each with its remedy; empty when nothing does.</summary>
    Task<IReadOnlyList<PrerequisiteFailure>> CheckPrerequisitesAsync(string machineId, IReadOnlyCollection<string> excludedDisks, CancellationToken cancellationToken);

    /// <summary>
    /// Opens a point in time over all disks of the machine. With <see cref="SnapshotRequest.NewCheckpoint"/> set, changes after that very
    /// instant are tracked under that id. The id is durable before the snapshot's first byte can be read.
    /// </summary>
    /// <exception cref="ChangeTrackingLostException">The changes since <see cref="SnapshotRequest.Since"/> are not known any more: resynchronize.</exception>
    /// <exception cref="HypervisorException">The snapshot cannot be had; nothing is left behind.</exception>
    Task<IMachineSnapshot> BeginSnapshotAsync(string machineId, SnapshotRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Ids of machines whose disks changed (attached, detached, grown, exchanged), from now on, as soon as the driver sees it; the caller looks itself at what
    /// they are now. May tell too much and never ends before it is cancelled; a driver that sees nothing by itself tells nothing.
    /// </summary>
    async IAsyncEnumerable<string> WatchDisksAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        yield break;
    }

    /// <summary>Ids of this protection's checkpoints that the host still tracks, oldest first.</summary>
    Task<IReadOnlyList<ChangeTrackingId>> ListCheckpointsAsync(string machineId, string owner, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets everything before <paramref name="kept"/>: called only after the set cut at <paramref name="kept"/> is committed (P2).
    /// Idempotent.
    /// </summary>
    Task CommitCheckpointAsync(string machineId, string owner, ChangeTrackingId kept, CancellationToken cancellationToken);

    /// <summary>
    /// Removes a checkpoint whose set was not committed, and all later ones; their changes are merged back, so that a snapshot since an
    /// earlier checkpoint reports them too (P2). Idempotent.
    /// </summary>
    Task AbandonCheckpointAsync(string machineId, string owner, ChangeTrackingId abandoned, CancellationToken cancellationToken);

    /// <summary>
    /// Ends whatever a former process left open on the machine: jobs, scratch space, a guest that such a job had paused. Checkpoints stay.
    /// Idempotent; called at start, before the first snapshot.
    /// </summary>
    Task<LeftoverReport> CleanUpAsync(string machineId, string owner, CancellationToken cancellationToken);

    /// <summary>Removes all checkpoints of this protection: the machine is released.</summary>
    Task ReleaseAsync(string machineId, string owner, CancellationToken cancellationToken);
}
