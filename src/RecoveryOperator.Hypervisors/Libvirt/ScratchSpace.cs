namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>
/// Divides the scratch file system's room among the snapshots of a host (P8): QEMU stops a guest when a scratch file cannot grow, so a
/// snapshot begins only while the room that all of them may still need is free.
/// </summary>
/// <param name="directory">The scratch folder.</param>
/// <param name="reserveBytes">Most that one snapshot may need ahead, in bytes.</param>
/// <param name="freeBytes">Free bytes of a folder's file system.</param>
internal sealed class ScratchSpace(string directory, long reserveBytes, Func<string, long> freeBytes)
{
    private readonly Lock _lock = new();
    private readonly HashSet<ScratchLease> _leases = [];

    /// <summary>Free bytes of the scratch file system.</summary>
    public long FreeBytes => freeBytes(directory);

    /// <summary>Takes a share for a snapshot that can overwrite at most <paramref name="mostBytes"/> through <paramref name="files"/>.</summary>
    /// <exception cref="HypervisorException">NoSpace: nothing was started.</exception>
    public ScratchLease Reserve(string machine, long mostBytes, IReadOnlyList<string> files)
    {
        var lease = new ScratchLease(this, mostBytes, reserveBytes, files);
        lock (_lock)
        {
            var needBytes = lease.NeedBytes + _leases.Sum(other => other.NeedBytes);
            var free = FreeBytes;
            if (free < needBytes)
            {
                throw new HypervisorException(
                    HypervisorFault.NoSpace,
                    $"no snapshot of machine {machine} was begun: {directory} has {free >> 20} MiB free, {needBytes >> 20} MiB are needed so that no guest is paused",
                    "free space in the scratch folder, enlarge its file system, or lower the scratch reserve");
            }

            _leases.Add(lease);
        }

        return lease;
    }

    internal void Release(ScratchLease lease)
    {
        lock (_lock) _leases.Remove(lease);
    }
}

/// <summary>One snapshot's share of the scratch space.</summary>
internal sealed class ScratchLease(ScratchSpace space, long mostBytes, long reserveBytes, IReadOnlyList<string> files) : IDisposable
{
    /// <summary>Its scratch files.</summary>
    public IReadOnlyList<string> Files { get; } = files;

    /// <summary>What the snapshot may still need, looked ahead by no more than the reserve, in bytes.</summary>
    public long NeedBytes => Math.Clamp(mostBytes - UsedBytes, 0, reserveBytes);

    /// <summary>Half of what may be needed is not free any more: end the snapshot in order.</summary>
    public bool IsLow => space.FreeBytes < NeedBytes / 2;

    /// <summary>Less than a quarter is free: end the snapshot now, before the guest is paused.</summary>
    public bool IsCritical => space.FreeBytes < NeedBytes / 4;

    private long UsedBytes => Files.Select(file => new FileInfo(file)).Sum(file => file.Exists ? file.Length : 0);

    public void Dispose() => space.Release(this);
}
