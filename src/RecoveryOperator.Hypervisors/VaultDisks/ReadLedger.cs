using System.Collections.Concurrent;

namespace RecoveryOperator.Hypervisors.VaultDisks;

/// <summary>What is known of the reads of all recovered machines' disks since this process began.</summary>
internal sealed class ReadLedger
{
    private readonly ConcurrentDictionary<(string MachineId, string Target), DiskReads> _disks = new();

    /// <summary>A disk that is opened anew goes on where it was, unless it is another snapshot by now.</summary>
    public DiskReads Keep(DiskReads opened) => _disks.AddOrUpdate(
        (opened.MachineId, opened.Target), opened, (_, known) => known.Snapshot == opened.Snapshot ? known : opened);

    /// <summary>What is known of those machines that are still there; the others are forgotten.</summary>
    public IReadOnlyList<RecoveredDiskReads> Describe(Func<string, bool> isThere)
    {
        foreach (var gone in _disks.Keys.Where(disk => !isThere(disk.MachineId))) _disks.TryRemove(gone, out _);
        return [.. _disks.Values.Select(disk => disk.Describe()).OrderBy(disk => disk.MachineId, StringComparer.Ordinal).ThenBy(disk => disk.Target, StringComparer.Ordinal)];
    }
}
