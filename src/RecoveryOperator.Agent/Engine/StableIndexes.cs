using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Agent.Engine;

/// <summary>Which index each disk of a machine has in this protection's sets.</summary>
internal static class StableIndexes
{
    /// <summary>The indexes, by target.</summary>
    public static IReadOnlyDictionary<string, int> Of(ProtectionProgress progress, VirtualMachineDefinition definition)
    {
        Dictionary<string, int> indexes = [];
        foreach ((string target, int index) in Known(progress))
            indexes[target] = index;
        HashSet<int> taken = [.. indexes.Values];
        int next = progress.NextDiskIndex;
        foreach (VirtualDisk disk in definition.Disks.Where(disk => !indexes.ContainsKey(disk.Target)).ToList())
        {
            int index = disk.Index;
            if (index < progress.NextDiskIndex || taken.Contains(index))
            {
                for (index = next; taken.Contains(index); index++)
                {
                }
            }

            indexes[disk.Target] = index;
            taken.Add(index);
        }

        return indexes;
    }

    /// <summary>A definition with these indexes.</summary>
    public static VirtualMachineDefinition Apply(VirtualMachineDefinition definition, IReadOnlyDictionary<string, int> indexes) =>
        definition with { Disks = [.. definition.Disks.Select(disk => disk with { Index = indexes[disk.Target] }).OrderBy(disk => disk.Index)] };

    private static IEnumerable<(string Target, int Index)> Known(ProtectionProgress progress)
    {
        IEnumerable<(string Target, int Index)> committed = (progress.Last?.Disks ?? progress.FormerDisks).Select(disk => (disk.Target, disk.Index));
        IEnumerable<(string Target, int Index)> copied = progress.Initial?.Disks?.Select(disk => (disk.Target, disk.Index)) ?? [];
        return committed.Concat(copied).Concat(progress.Resync?.Disks?.Select(disk => (disk.Target, disk.Index)) ?? []);
    }
}
