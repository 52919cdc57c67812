using Microsoft.Extensions.Logging;
using RecoveryOperator.DataPath;

namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>What is known of the reads of a recovered machine's disk: whether they are compared, and which blocks were not what the source read. Safe for concurrent use.</summary>
/// <param name="machineId">The machine.</param>
/// <param name="target">The disk's name within the guest.</param>
/// <param name="snapshot">Which snapshot is read.</param>
/// <param name="logger">Where it reports.</param>
internal sealed partial class DiskReads(string machineId, string target, string snapshot, ILogger logger)
{
    /// <summary>What to do about a damaged block.</summary>
    public const string Remedy = "Recover from another point; 'recovery-agent vault verify' tells which points are whole, and 'recovery-agent vault restore' writes the disks of one to files.";

    /// <summary>More are neither kept nor counted: the disk is beyond help.</summary>
    private const int MostBlocks = 1000;

    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly SortedSet<long> _damaged = [];
    private bool _compared = true;
    private long? _missingAt;

    /// <summary>Which snapshot is read.</summary>
    public string Snapshot => snapshot;

    /// <summary>The disk's machine.</summary>
    public string MachineId => machineId;

    /// <summary>The disk's name within the guest.</summary>
    public string Target => target;

    /// <summary>What is known now.</summary>
    public RecoveredDiskReads Describe()
    {
        lock (_lock) return new(machineId, target, snapshot, _compared, _damaged.Count, _damaged.Count > 0 ? _damaged.Min : null);
    }

    /// <summary>A table that was missing is looked for from time to time.</summary>
    public bool LooksForTable(TimeProvider time)
    {
        lock (_lock) return _missingAt is not { } at || time.GetElapsedTime(at) >= LookAgainAfter;
    }

    /// <summary>There is no table in the vault.</summary>
    public void TableMissing(HypervisorException error, TimeProvider time)
    {
        lock (_lock) _missingAt = time.GetTimestamp();
        NotCompared(error.Message);
    }

    /// <summary>Reads are given as they are.</summary>
    public void NotCompared(string reason)
    {
        lock (_lock)
        {
            if (!_compared) return;
            _compared = false; // For good: the guest has it.
        }

        LogNotCompared(target, machineId, snapshot, reason);
    }

    /// <summary>Blocks were compared.</summary>
    /// <param name="offsetBytes">The first one's place.</param>
    /// <param name="lengthBytes">Their length.</param>
    /// <param name="bad">Those that differ, a bit for each.</param>
    public void Compared(long offsetBytes, int lengthBytes, ulong bad)
    {
        bool isNews;
        lock (_lock)
        {
            isNews = _missingAt is not null;
            _missingAt = null;
            for (var block = 0; (bad != 0 || _damaged.Count > 0) && block * BlockSize.Bytes < lengthBytes; block++)
                Note(offsetBytes + ((long)block * BlockSize.Bytes), (bad >> block & 1) != 0);
        }

        if (isNews) LogComparedAgain(target, machineId);
    }

    private void Note(long blockOffsetBytes, bool isDamaged)
    {
        if (!isDamaged)
        {
            if (_damaged.Remove(blockOffsetBytes)) LogWhole(target, machineId, blockOffsetBytes);
        }
        else if (_damaged.Count < MostBlocks && _damaged.Add(blockOffsetBytes))
        {
            LogDamaged(target, machineId, snapshot, blockOffsetBytes, Remedy);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Disk {disk} of recovered machine {machine}, snapshot {snapshot}: the 64 KiB at {offset} are not what the source read, also when read again. They are not given to the guest, which stops when it asks for them. {remedy}")]
    private partial void LogDamaged(string disk, string machine, string snapshot, long offset, string remedy);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Disk {disk} of recovered machine {machine}: the 64 KiB at {offset}, which were not what the source read, are now")]
    private partial void LogWhole(string disk, string machine, long offset);

    [LoggerMessage(Level = LogLevel.Error, Message = "What is read of disk {disk} of recovered machine {machine}, snapshot {snapshot}, is NOT compared with the checksums of the source: {reason}. Verify the point with 'recovery-agent vault verify'")]
    private partial void LogNotCompared(string disk, string machine, string snapshot, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "What is read of disk {disk} of recovered machine {machine} is compared with the checksums of the source from now on; what was read before was not")]
    private partial void LogComparedAgain(string disk, string machine);
}
