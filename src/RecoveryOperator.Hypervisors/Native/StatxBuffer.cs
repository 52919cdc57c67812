using System.Runtime.InteropServices;

namespace RecoveryOperator.Hypervisors.Native;

/// <summary>The kernel's <c>struct statx</c>, which is the same on every architecture; only the fields that are used.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal readonly struct StatxBuffer
{
    [FieldOffset(28)] public readonly ushort Mode;
    [FieldOffset(32)] public readonly ulong Inode;
    [FieldOffset(40)] public readonly ulong SizeBytes;
    [FieldOffset(96)] public readonly long ChangedSeconds;
    [FieldOffset(104)] public readonly uint ChangedNanoseconds;
    [FieldOffset(112)] public readonly long ModifiedSeconds;
    [FieldOffset(120)] public readonly uint ModifiedNanoseconds;

    public ImageIdentity ToIdentity() => new(
        (long)SizeBytes,
        (ModifiedSeconds * 1_000_000_000) + ModifiedNanoseconds,
        (ChangedSeconds * 1_000_000_000) + ChangedNanoseconds,
        Inode);
}
