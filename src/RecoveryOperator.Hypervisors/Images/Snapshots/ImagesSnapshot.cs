namespace RecoveryOperator.Hypervisors.Images.Snapshots;

/// <summary>A point in time over a machine's images.</summary>
internal sealed class ImagesSnapshot(
    VirtualMachine machine, PointInTime point, IReadOnlyList<ImagesSnapshotDisk> disks, ImagesOptions options, TimeProvider timeProvider)
    : IMachineSnapshot
{
    private readonly long opened = timeProvider.GetTimestamp();
    private readonly ITimer lockLimit = timeProvider.CreateTimer(
        _ => point.ReleaseLock(), state: null, options.LockHoldLimit, Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public DateTimeOffset Instant => point.Instant;

    /// <inheritdoc/>
    public SnapshotConsistency Consistency { get; init; } = SnapshotConsistency.Crash;

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
    public bool ShouldEndSoon => !point.IsCloned && timeProvider.GetElapsedTime(opened) > options.LockHoldTarget;

    /// <inheritdoc/>
    public Task VerifyIntactAsync(CancellationToken cancellationToken) => Task.Run(point.VerifyIntact, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await lockLimit.DisposeAsync();
        point.Dispose();
    }
}
