using RecoveryOperator.DataPath.Encryption;

namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>What the header of an encrypted segment (format 2) says besides.</summary>
/// <param name="Key">The data key that it needs.</param>
/// <param name="Salt">Random, new for each header; goes into the segment's key.</param>
public readonly record struct SegmentEncryption(KeyId Key, UInt128 Salt);
