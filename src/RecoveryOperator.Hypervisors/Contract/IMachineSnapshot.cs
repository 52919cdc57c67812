using RecoveryOperator.DataPath;

namespace RecoveryOperator.Hypervisors;

/// <summary>
/// A point in time over all disks of one machine. Disposing it ends the hypervisor's job and frees its scratch space on every path; the
/// checkpoint made with it stays until it is committed or abandoned.
/// </summary>
public interface IMachineSnapshot : IAsyncDisposable
{
    /// <summary>The instant, by the host's clock.</summary>
    DateTimeOffset Instant { get; }

    /// <summary>Of what kind the instant is.</summary>
    SnapshotConsistency Consistency => SnapshotConsistency.Crash;

    /// <summary>The machine as it was defined at the instant.</summary>
    VirtualMachine Machine { get; }

    /// <summary>Its disks, by index.</summary>
    IReadOnlyList<ISnapshotDisk> Disks { get; }

    /// <summary>
    /// True when the snapshot should be ended soon because its scratch space runs out (P8). A full copy goes on in a new snapshot;
    /// an incremental one is abandoned when <see cref="ISnapshotDisk"/> reads begin to fail.
    /// </summary>
    bool ShouldEndSoon { get; }

    /// <summary>Throws when the snapshot is not intact any more (its job ended, a file changed): what was read must not be used.</summary>
    Task VerifyIntactAsync(CancellationToken cancellationToken);
}

/// <summary>One disk within a snapshot.</summary>
public interface ISnapshotDisk : IBlockReader
{
    /// <summary>Index in the machine, from 0, stable while the machine is protected.</summary>
    int Index { get; }

    /// <summary>Name within the guest, for example <c>vda</c>.</summary>
    string Target { get; }

    /// <summary>Bytes of disk content read so far; metadata (maps, bitmaps) does not count.</summary>
    long BytesRead { get; }

    /// <summary>
    /// Ranges to copy, in order: those changed since <see cref="SnapshotRequest.Since"/>, or without it those allocated and not known to be zero.
    /// May report more than changed, never less.
    /// </summary>
    IAsyncEnumerable<Extent> ExtentsAsync(CancellationToken cancellationToken);
}
