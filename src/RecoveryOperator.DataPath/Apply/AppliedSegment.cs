namespace RecoveryOperator.DataPath.Apply;

/// <summary>What a segment did to a replica disk.</summary>
/// <param name="DiskSizeBytes">Size of the source's disk at the instant, from the segment's header.</param>
/// <param name="WrittenBytes">Bytes of content written.</param>
/// <param name="ClearedBytes">Bytes made zero.</param>
/// <param name="Records">Records applied.</param>
public sealed record AppliedSegment(long DiskSizeBytes, long WrittenBytes, long ClearedBytes, long Records);
