namespace RecoveryOperator.DataPath.ChangeLogs;

/// <summary>Why a segment is refused.</summary>
public enum ChangeLogDamageReason
{
    /// <summary>The file stops before its end record, or has bytes after it.</summary>
    Torn,

    /// <summary>A checksum does not agree.</summary>
    Checksum,

    /// <summary>A sound segment, but not the expected one.</summary>
    Identity,

    /// <summary>The bytes are as they were written, but do not follow the format.</summary>
    Format,

    /// <summary>Checksums agree, but the tag of an encrypted record does not, under the right key: somebody changed it.</summary>
    Authentication,
}

/// <summary>A segment is damaged. Nothing at or after <see cref="OffsetBytes"/> was yielded.</summary>
public sealed class ChangeLogDamageException(ChangeLogDamageReason reason, SegmentIdentity expected, long offsetBytes, string finding)
    : Exception($"Damaged change log at byte {offsetBytes} of what should be {expected}: {finding}. Nothing from there on was used. "
        + "Fetch the segment again and compare its SHA-256 with the set manifest's; if that agrees, the set itself is damaged: "
        + "resynchronize the VM.")
{
    /// <summary>The kind of damage.</summary>
    public ChangeLogDamageReason Reason { get; } = reason;

    /// <summary>The segment that was expected.</summary>
    public SegmentIdentity Expected { get; } = expected;

    /// <summary>Where in the file the damage was found, in bytes from its start.</summary>
    public long OffsetBytes { get; } = offsetBytes;
}
