namespace RecoveryOperator.Hypervisors;

/// <summary>
/// A place where a replica can be brought up. Every call is idempotent: repeating it after a crash gives the same end.
/// A target that is no host (Azure) implements it too: its disks are imported from the same snapshots.
/// </summary>
public interface IRecoveryTarget
{
    /// <summary>Everything that keeps the replica from being created (room, networks, name taken), each with its remedy.</summary>
    Task<IReadOnlyList<PrerequisiteFailure>> CheckReplicaAsync(ReplicaRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Creates the machine, powered off, autostart off. When a machine made for the same <see cref="ReplicaRequest.Owner"/> and
    /// <see cref="ReplicaRequest.OperationId"/> exists it is returned unchanged.
    /// </summary>
    Task<VirtualMachine> CreateReplicaAsync(ReplicaRequest request, IProgress<double>? progress, CancellationToken cancellationToken);

    /// <summary>Starts a machine; tracking of its changes begins before its first instruction where the target tracks. No-op when running.</summary>
    Task StartAsync(string machineId, CancellationToken cancellationToken);

    /// <summary>Asks the guest to shut down and waits; false when it still runs after <paramref name="timeout"/>.</summary>
    Task<bool> ShutDownAsync(string machineId, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>Switches the machine off at once. No-op when it is off or absent.</summary>
    Task DestroyAsync(string machineId, CancellationToken cancellationToken);

    /// <summary>Switches it off and removes its definition, its checkpoints and the disks that <see cref="CreateReplicaAsync"/> made. No-op when absent.
    /// Refuses a machine that this product did not create.</summary>
    Task DeleteReplicaAsync(string machineId, CancellationToken cancellationToken);

    /// <summary>
    /// The same for the machine that was made for an owner and an operation, whose id the caller may never have learned. Waits for its creation where that is under way, and
    /// removes what one that was cut off has left. No-op when there is none.
    /// </summary>
    /// <param name="owner">As in <see cref="ReplicaRequest.Owner"/>.</param>
    /// <param name="operationId">As in <see cref="ReplicaRequest.OperationId"/>.</param>
    /// <param name="name">As in <see cref="ReplicaRequest.Name"/>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task DeleteReplicaMadeForAsync(string owner, string operationId, string name, CancellationToken cancellationToken);

    /// <summary>Whether the agent within the machine's guest answers; returns within a few seconds. Null: nobody can be asked.</summary>
    /// <exception cref="HypervisorException">There is no such machine, or the hypervisor cannot be asked.</exception>
    Task<bool?> DoesGuestAnswerAsync(string machineId, CancellationToken cancellationToken);

    /// <summary>
    /// Lets replicas go on that stopped because their disks could not be read or written (the vault was away): nobody in the guest can. To be called from
    /// time to time; one whose disks are still out of reach stops again. A machine that a person paused is left alone.
    /// </summary>
    /// <returns>Names of the machines that go on.</returns>
    Task<IReadOnlyList<string>> ResumeStoppedReplicasAsync(CancellationToken cancellationToken);

    /// <summary>What recovered machines have read from the vault so far, by disk: whether it was what the source read. Empty where nothing was.</summary>
    IReadOnlyList<RecoveredDiskReads> RecoveredReads() => [];

    /// <summary>Turns autostart on or off (off: a fenced source does not come up by itself).</summary>
    Task SetAutostartAsync(string machineId, bool autostart, CancellationToken cancellationToken);
}
