using Microsoft.Win32.SafeHandles;

namespace RecoveryOperator.Hypervisors.Images.Guest;

/// <summary>What an area holds.</summary>
/// <param name="LastOfPrefix">Records 1 to this one are all there and valid; 0: not even the first.</param>
/// <param name="Holes">Records missing or damaged below the highest valid one.</param>
public readonly record struct HeartbeatScan(long LastOfPrefix, long Holes);

/// <summary>The sectors of one disk that hold heartbeat records: record n at <c>start + n * 512</c>.</summary>
public sealed class HeartbeatArea
{
    /// <summary>Start of the area on the first disk, in bytes.</summary>
    public const long FirstDiskStartBytes = 1 << 20;

    /// <summary>Bytes at the beginning of the second disk that are kept for records; churn lies behind.</summary>
    public const long SecondDiskLengthBytes = 8 << 20;

    private readonly SafeFileHandle disk;
    private readonly long startBytes;

    private HeartbeatArea(SafeFileHandle disk, long startBytes, long endBytes) =>
        (this.disk, this.startBytes, Capacity) = (disk, startBytes, Math.Max(0, ((endBytes - startBytes) / HeartbeatRecord.LengthBytes) - 1));

    /// <summary>Highest number that has room.</summary>
    public long Capacity { get; }

    /// <summary>The area of the first disk.</summary>
    public static HeartbeatArea OnFirstDisk(SafeFileHandle disk) => new(
        disk, FirstDiskStartBytes, Math.Min(RandomAccess.GetLength(disk), FirstDiskStartBytes + SecondDiskLengthBytes));

    /// <summary>The area of the second disk.</summary>
    public static HeartbeatArea OnSecondDisk(SafeFileHandle disk) => new(disk, 0, Math.Min(RandomAccess.GetLength(disk), SecondDiskLengthBytes));

    /// <summary>Writes a record and makes it durable.</summary>
    public void Write(long number, long unixSeconds)
    {
        Span<byte> sector = stackalloc byte[HeartbeatRecord.LengthBytes];
        HeartbeatRecord.Write(number, unixSeconds, sector);
        RandomAccess.Write(disk, sector, startBytes + (number * HeartbeatRecord.LengthBytes));
        RandomAccess.FlushToDisk(disk);
    }

    /// <summary>Looks at every record that has room.</summary>
    public HeartbeatScan Scan()
    {
        long prefix = 0, highest = 0, valid = 0;
        Span<byte> sector = stackalloc byte[HeartbeatRecord.LengthBytes];
        for (long number = 1; number <= Capacity; number++)
        {
            var count = RandomAccess.Read(disk, sector, startBytes + (number * HeartbeatRecord.LengthBytes));
            if (count < sector.Length || !HeartbeatRecord.IsValid(number, sector))
            {
                continue;
            }

            valid++;
            highest = number;
            prefix = prefix == number - 1 ? number : prefix;
        }

        return new HeartbeatScan(prefix, highest - valid);
    }
}
