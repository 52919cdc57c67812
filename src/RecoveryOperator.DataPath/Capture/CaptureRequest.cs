using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Encryption;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>What one capture of one disk writes, and how.</summary>
/// <param name="First">Identity of the first segment; the others count on from its index. A resumed base copy begins above 0.</param>
public sealed record CaptureRequest(SegmentIdentity First)
{
    /// <summary>
    /// Whether zero blocks within the extents become zero records (default). A full copy to a new replica, which reads as zeros, need not.
    /// </summary>
    public bool RecordZeros { get; init; } = true;

    /// <summary>
    /// Extents below this offset are left out: where an earlier capture got to. A multiple of the block size, or the disk's end. Default 0.
    /// </summary>
    public long StartAtBytes { get; init; }

    /// <summary>
    /// Whether segments that were handed to the spool's CompleteAsync stay when the capture fails later (base copies, whose finished
    /// ranges count). By default all segments of a failed capture are discarded.
    /// </summary>
    public bool KeepFinishedSegments { get; init; }

    /// <summary>
    /// What a copy of the disk holds already: blocks equal to it are not recorded, zeros only where the copy holds something else. Null (default):
    /// all of the extents is recorded.
    /// </summary>
    public IKnownChecksums? Known { get; init; }

    /// <summary>Told how far the capture is, after each 64 MiB of the disk; null for nobody.</summary>
    public CaptureMilestone? Milestone { get; init; }

    /// <summary>Read requests of at most 1 MiB in flight, 1 to 64. Memory: four MiB for each, see the README.</summary>
    public int ReadsInFlight { get; init; } = 4;

    /// <summary>A segment is closed when its length reaches this: at most (and by default) 16 MiB.</summary>
    public int SegmentTargetLengthBytes { get; init; } = ChangeLogConstants.SegmentTargetLengthBytes;

    /// <summary>Encrypts the segments' payloads; null (default) leaves them in the clear.</summary>
    public DataKey? Key { get; init; }

    /// <summary>Checks the ranges of the numbers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is out of its range.</exception>
    internal void Validate(long diskSizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(First.Segment);
        ArgumentOutOfRangeException.ThrowIfNegative(First.Disk);
        ArgumentOutOfRangeException.ThrowIfNegative(StartAtBytes);
        if (StartAtBytes % BlockSize.Bytes != 0 && StartAtBytes != diskSizeBytes)
            throw new ArgumentOutOfRangeException(
                nameof(diskSizeBytes),
                StartAtBytes,
                $"A capture cannot start within a block: a multiple of {BlockSize.Bytes} or the disk's end {diskSizeBytes} is expected.");
        ArgumentOutOfRangeException.ThrowIfLessThan(ReadsInFlight, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ReadsInFlight, 64);
        ArgumentOutOfRangeException.ThrowIfLessThan(SegmentTargetLengthBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SegmentTargetLengthBytes, ChangeLogConstants.SegmentTargetLengthBytes);
    }
}

/// <summary>Told how far a capture is, in order; the capture goes on when it returns.</summary>
/// <param name="positionBytes">Everything below this offset of the disk was looked at.</param>
/// <param name="isCovered">It is all in finished segments, or in none because it need not be recorded: a capture that is cut off can be continued from here.</param>
/// <param name="cancellationToken">Cancels the capture.</param>
/// <returns>True to finish the segment that is being written, so that the position is covered.</returns>
public delegate ValueTask<bool> CaptureMilestone(long positionBytes, bool isCovered, CancellationToken cancellationToken);
