using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using RecoveryOperator.Hypervisors.Images.Machines;

namespace RecoveryOperator.Hypervisors.Images.Guest;

/// <summary>The disks of a running guest: two heartbeat areas, and churn on the second disk. A machine may have one disk only.</summary>
internal sealed class GuestDisks : IDisposable
{
    private const int ChurnBytes = 64 * 1024;
    private readonly List<SafeFileHandle> handles;
    private readonly byte[] churn = new byte[ChurnBytes];
    private long lastChurnSecond;
    private long churnCount;

    private GuestDisks(List<SafeFileHandle> handles)
    {
        this.handles = handles;
        First = HeartbeatArea.OnFirstDisk(handles[0]);
        Second = handles.Count > 1 ? HeartbeatArea.OnSecondDisk(handles[1]) : null;
    }

    public HeartbeatArea First { get; }

    public HeartbeatArea? Second { get; }

    /// <summary>Highest number that has room on every disk.</summary>
    public long Capacity => Math.Min(First.Capacity, Second?.Capacity ?? long.MaxValue);

    /// <summary>Opens the first two disks of a machine.</summary>
    public static GuestDisks Open(ImagesMachine machine)
    {
        var handles = new List<SafeFileHandle>();
        try
        {
            foreach (var disk in machine.File.Disks.Take(2))
            {
                handles.Add(File.OpenHandle(machine.ImagePath(disk), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));
            }

            return new GuestDisks(handles);
        }
        catch
        {
            handles.ForEach(handle => handle.Dispose());
            throw;
        }
    }

    /// <summary>Once a second writes 64 KiB of random data behind the second disk's heartbeat area, round and round.</summary>
    public void Churn(DateTimeOffset now)
    {
        var second = now.ToUnixTimeSeconds();
        var slots = handles.Count > 1
            ? (RandomAccess.GetLength(handles[1]) - HeartbeatArea.SecondDiskLengthBytes) / ChurnBytes
            : 0;
        if (slots <= 0 || second == lastChurnSecond)
        {
            return;
        }

        RandomNumberGenerator.Fill(churn);
        RandomAccess.Write(handles[1], churn, HeartbeatArea.SecondDiskLengthBytes + (churnCount++ % slots * ChurnBytes));
        lastChurnSecond = second;
    }

    /// <inheritdoc/>
    public void Dispose() => handles.ForEach(handle => handle.Dispose());
}
