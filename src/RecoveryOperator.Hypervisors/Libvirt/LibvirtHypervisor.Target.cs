namespace RecoveryOperator.Hypervisors.Libvirt;

public sealed partial class LibvirtHypervisor
{
    /// <inheritdoc/>
    public Task<IReadOnlyList<PrerequisiteFailure>> CheckReplicaAsync(ReplicaRequest request, CancellationToken cancellationToken) =>
        _replicas.CheckAsync(request, FreeBytes(_options.StorageDirectory), cancellationToken);

    /// <inheritdoc/>
    public Task<VirtualMachine> CreateReplicaAsync(ReplicaRequest request, IProgress<double>? progress, CancellationToken cancellationToken) =>
        _replicas.CreateAsync(request, progress, cancellationToken);

    /// <inheritdoc/>
    public Task StartAsync(string machineId, CancellationToken cancellationToken) => _power.StartAsync(machineId, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> ShutDownAsync(string machineId, TimeSpan timeout, CancellationToken cancellationToken) =>
        _power.ShutDownAsync(machineId, timeout, cancellationToken);

    /// <inheritdoc/>
    public Task DestroyAsync(string machineId, CancellationToken cancellationToken) => _power.DestroyAsync(machineId, cancellationToken);

    /// <inheritdoc/>
    public Task DeleteReplicaAsync(string machineId, CancellationToken cancellationToken) => _replicas.DeleteAsync(machineId, cancellationToken);

    /// <inheritdoc/>
    public Task DeleteReplicaMadeForAsync(string owner, string operationId, string name, CancellationToken cancellationToken) =>
        _replicas.DeleteAsync(LibvirtNames.ReplicaId(owner, operationId).ToString(), cancellationToken);

    /// <inheritdoc/>
    public Task<bool?> DoesGuestAnswerAsync(string machineId, CancellationToken cancellationToken) => _power.DoesGuestAnswerAsync(machineId, cancellationToken);

    /// <inheritdoc/>
    public IReadOnlyList<RecoveredDiskReads> RecoveredReads() => _vault.Reads();

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ResumeStoppedReplicasAsync(CancellationToken cancellationToken) => _power.ResumeStoppedReplicasAsync(cancellationToken);

    /// <inheritdoc/>
    public Task SetAutostartAsync(string machineId, bool autostart, CancellationToken cancellationToken) =>
        _power.SetAutostartAsync(machineId, autostart, cancellationToken);
}
