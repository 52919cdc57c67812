namespace RecoveryOperator.DataPath.Spool;

/// <summary>A segment in the spool is missing or no longer what was written. It must not be shipped.</summary>
public sealed class SpoolDamageException(SpooledSegment segment, string finding)
    : IOException($"The segment '{segment.Path}' in the spool is damaged: {finding}. "
        + "It is not shipped; cut the set again under a new attempt, and check the disk.")
{
    /// <summary>The segment as it was recorded.</summary>
    public SpooledSegment Segment { get; } = segment;
}
