using RecoveryOperator.Agent.State;
using RecoveryOperator.DataPath;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>Shows how far an initial copy is, in allocated bytes over all disks.</summary>
internal sealed class CopyMeter
{
    private readonly ProtectionContext _context;
    private readonly IReadOnlyList<(int Index, string Target, long TotalBytes)> _disks;
    private readonly Dictionary<int, long> _doneBytes;

    private CopyMeter(ProtectionContext context, IReadOnlyList<(int Index, string Target, long TotalBytes)> disks, Dictionary<int, long> doneBytes)
    {
        _context = context;
        _disks = disks;
        _doneBytes = doneBytes;
    }

    /// <summary>Adds up what is allocated, from the hypervisor's maps; no disk content is read.</summary>
    public static async Task<CopyMeter> MeasureAsync(
        ProtectionContext context,
        IReadOnlyList<ISnapshotDisk> disks,
        IReadOnlyList<DiskCopy> copies,
        IReadOnlyList<BaseSegment> recorded,
        CancellationToken cancellationToken)
    {
        List<(int Index, string Target, long TotalBytes)> measured = [];
        Dictionary<int, long> doneBytes = [];
        foreach (ISnapshotDisk disk in disks)
        {
            long through = copies.Single(copy => copy.Index == disk.Index).Done
                ? disk.SizeBytes
                : recorded.LastOrDefault(segment => segment.Disk == disk.Index)?.CoveredThroughBytes ?? 0;
            (long totalBytes, long done) = (0, 0);
            await foreach (Extent extent in disk.ExtentsAsync(cancellationToken))
            {
                totalBytes += extent.LengthBytes;
                done += Math.Clamp(through - extent.OffsetBytes, 0, extent.LengthBytes);
            }

            doneBytes[disk.Index] = done;
            measured.Add((disk.Index, disk.Target, totalBytes));
        }

        return new CopyMeter(context, measured, doneBytes);
    }

    /// <summary>Shows the progress of one disk's capture.</summary>
    public Action<long> Begin(int disk, int ordinal)
    {
        long before = _doneBytes[disk];
        Show(ordinal);
        return readBytes =>
        {
            _doneBytes[disk] = before + readBytes;
            Show(ordinal);
        };
    }

    private void Show(int ordinal)
    {
        DiskCopyProgress[] byDisk = [.. _disks.Select(disk => new DiskCopyProgress
        {
            Target = disk.Target,
            BytesDone = Math.Min(_doneBytes[disk.Index], disk.TotalBytes),
            BytesTotal = disk.TotalBytes,
        })];
        _context.ShowCopy(new CopyProgress
        {
            Disk = ordinal,
            Disks = _disks.Count,
            BytesDone = byDisk.Sum(disk => disk.BytesDone),
            BytesTotal = byDisk.Sum(disk => disk.BytesTotal),
            ByDisk = { byDisk },
        });
    }
}
