using RecoveryOperator.DataPath.Spool;

namespace RecoveryOperator.DataPath.Capture;

/// <summary>The result of a capture.</summary>
/// <param name="Segments">The segments, in order; none when the extents cover nothing.</param>
/// <param name="ReadBytes">Bytes read from the disk.</param>
/// <param name="ChangedBytes">Bytes in the extents, widened to whole blocks and merged.</param>
/// <param name="ZeroBytes">Bytes among them in blocks of zeros.</param>
/// <param name="RecordedBytes">Bytes of the disk in records, zeros included.</param>
/// <param name="StoredBytes">Length of all segments together.</param>
/// <param name="CoveredThroughBytes">End of the last extent (0 without extents): where a later capture of the same copy continues.</param>
public sealed record CapturedDisk(
    IReadOnlyList<SpooledSegment> Segments,
    long ReadBytes,
    long ChangedBytes,
    long ZeroBytes,
    long RecordedBytes,
    long StoredBytes,
    long CoveredThroughBytes);
