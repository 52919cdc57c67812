using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Verify;

namespace RecoveryOperator.Agent.VaultCommands;

/// <summary>A verification's result for people.</summary>
internal static class VerificationText
{
    private const int ListedRanges = 20;

    /// <summary>A point in one line.</summary>
    public static string Of(RecoveryPointDocument point) => $"{point.Epoch}-{point.Sequence} ({ByteText.Of(point.Instant)}, {point.Consistency})";

    /// <summary>Writes one line for each disk and what is wrong with it, then the sum.</summary>
    public static void Write(VaultMachine machine, PointVerification verification, TextWriter output)
    {
        foreach (DiskVerification disk in verification.Disks.OrderBy(disk => disk.Index))
        {
            output.WriteLine($"disk {disk.Index} ({disk.Target}): {ByteText.Of(disk.ReadBytes)} read, {(disk.IsWhole ? "all blocks agree" : $"{disk.BadBlocks} blocks of 64 KiB are NOT what the source read")}");
            foreach (Extent range in disk.BadRanges.Take(ListedRanges))
                output.WriteLine($"  bytes {range.OffsetBytes} to {range.EndBytes - 1} ({BlockSize.Count(range.LengthBytes)} blocks)");
            if (disk.BadRanges.Count > ListedRanges)
                output.WriteLine($"  and {disk.BadRanges.Count - ListedRanges} ranges more");
            if (disk.Fault is { } fault)
                output.WriteLine($"  {fault}");
        }

        RecoveryPointDocument point = verification.Point;
        output.WriteLine(verification.IsWhole
            ? $"Point {Of(point)} of {machine.Name} is whole: all of it was read and is what the source read."
            : $"Point {Of(point)} of {machine.Name} is DAMAGED. Recover from another point ('vault points {machine.Name}'); an older one has its own snapshots and may be whole.");
    }
}
