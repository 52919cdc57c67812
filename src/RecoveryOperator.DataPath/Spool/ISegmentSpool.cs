namespace RecoveryOperator.DataPath.Spool;

/// <summary>Where a capture puts its segments, one after the other.</summary>
public interface ISegmentSpool
{
    /// <summary>Creates the file of a segment; it has no final name until it is sealed.</summary>
    /// <param name="fileName">Name of the segment, see <see cref="SegmentFileName"/>.</param>
    /// <param name="cancellationToken">Cancels the creation.</param>
    /// <exception cref="IOException">There is a segment of that name, or the file cannot be created.</exception>
    ValueTask<ISpoolFile> CreateAsync(string fileName, CancellationToken cancellationToken);

    /// <summary>
    /// Called for each segment after it is sealed, in order; the capture goes on when it returns, so a slow receiver slows the reading down.
    /// </summary>
    /// <param name="segment">The durable segment.</param>
    /// <param name="coveredThroughBytes">
    /// All that the capture's extents hold below this offset of the disk is in this segment or in those before it: a capture that is
    /// cut off can be continued from here.
    /// </param>
    /// <param name="cancellationToken">Cancels the capture.</param>
    ValueTask CompleteAsync(SpooledSegment segment, long coveredThroughBytes, CancellationToken cancellationToken);

    /// <summary>Removes a sealed segment of a capture that failed. A file that is not there is no error.</summary>
    ValueTask DiscardAsync(SpooledSegment segment, CancellationToken cancellationToken);
}
