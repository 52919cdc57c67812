namespace RecoveryOperator.Hypervisors.Native;

/// <summary>What tells, without reading it, that a file was written: as far as time stamps can.</summary>
/// <param name="SizeBytes">Size in bytes.</param>
/// <param name="ModifiedNanoseconds">Last write, nanoseconds since 1970.</param>
/// <param name="ChangedNanoseconds">Last change of content or attributes, nanoseconds since 1970; cannot be set back by a program.</param>
/// <param name="Inode">Inode number.</param>
internal readonly record struct ImageIdentity(long SizeBytes, long ModifiedNanoseconds, long ChangedNanoseconds, ulong Inode)
{
    /// <summary>The later of the two times.</summary>
    public long NewestNanoseconds => Math.Max(ModifiedNanoseconds, ChangedNanoseconds);
}
