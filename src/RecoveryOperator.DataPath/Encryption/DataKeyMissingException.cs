using RecoveryOperator.DataPath.ChangeLogs;

namespace RecoveryOperator.DataPath.Encryption;

/// <summary>A segment is sound, but its data key is not there. No damage: it can be read once the key is.</summary>
public sealed class DataKeyMissingException(SegmentIdentity segment, KeyId wanted)
    : Exception($"The data key {wanted} of {segment} is not there: its payloads are encrypted. Provide the key, then read it again.")
{
    /// <summary>The encrypted segment.</summary>
    public SegmentIdentity Segment { get; } = segment;

    /// <summary>The key that is wanted.</summary>
    public KeyId Wanted { get; } = wanted;
}
