namespace RecoveryOperator.DataPath.Capture;

/// <summary>How far a capture got; reported about once for each MiB.</summary>
/// <param name="ReadBytes">Bytes read and processed so far.</param>
/// <param name="StoredBytes">Bytes written to the spool so far.</param>
/// <param name="RecordedBytes">Bytes of the disk that are in records so far: without known checksums all that was read, but for zeros that are not wanted.</param>
/// <param name="PositionBytes">Offset of the disk that has been reached.</param>
public readonly record struct CaptureProgress(long ReadBytes, long StoredBytes, long RecordedBytes, long PositionBytes);
