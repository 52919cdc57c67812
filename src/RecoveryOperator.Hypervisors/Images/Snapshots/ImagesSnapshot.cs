namespace RecoveryOperator.Hypervisors.Images.Snapshots;

/// <summary>A point in time over a machine's images.</summary>
internal sealed class ImagesSnapshot(
    VirtualMachine machine, PointInTime point, IReadOnlyList<ImagesSnapshotDisk> disks, TimeSpan lockHoldTarget, TimeProvider timeProvider)
    : IMachineSnapshot
{
    private readonly long opened = timeProvider.GetTimestamp();

    /// <inheritdoc/>
    public DateTimeOffset Instant => point.Instant;

    /// <inheritdoc/>
    public VirtualMachine Machine => machine;

    /// <inheritdoc/>
    public IReadOnlyList<ISnapshotDisk> Disks => disks;

    /// <summary>The images behind it.</summary>
    internal PointInTime Point => point;

    /// <summary>Bytes that the scan read before the snapshot was handed out.</summary>
    public long ScannedBytes { get; } = disks.Sum(disk => disk.BytesRead);

    /// <inheritdoc/>
    /// <remarks>There is no scratch space to run out of, but a writer that waits: it shall not wait long (P8).</remarks>
    public bool ShouldEndSoon => point.HoldsLock && timeProvider.GetElapsedTime(opened) > lockHoldTarget;

    /// <inheritdoc/>
    public Task VerifyIntactAsync(CancellationToken cancellationToken) => Task.Run(point.VerifyIntact, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        point.Dispose();
        return ValueTask.CompletedTask;
    }
}
