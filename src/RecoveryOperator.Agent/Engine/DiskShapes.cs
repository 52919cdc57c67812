using System.Text.Json;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Engine;

/// <summary>Whether the disks of a machine are still those that its changes are known of.</summary>
internal static class DiskShapes
{
    /// <summary>The disks of a snapshot.</summary>
    public static DiskShape[] Of(IMachineSnapshot snapshot) =>
        [.. snapshot.Disks.Select(disk => new DiskShape(disk.Index, disk.Target, disk.SizeBytes, SourceOf(snapshot.Machine.Definition, disk.Index)))];

    /// <summary>The disks of a set.</summary>
    /// <exception cref="VaultException">Damaged: its machine's definition is none.</exception>
    public static DiskShape[] Of(SetManifest manifest)
    {
        VirtualMachineDefinition? definition = DefinitionOf(manifest);
        return [.. manifest.Disks.Select(disk => new DiskShape(disk.Index, disk.Target, disk.SizeBytes, SourceOf(definition, disk.Index)))];
    }

    /// <summary>
    /// The same disks in the same places. Two disks that changed places are not, also when they are of one size: each brings a bitmap of the same
    /// name, which tells of another disk's changes. An image that was only moved elsewhere is the same.
    /// </summary>
    public static bool AreSame(IReadOnlyList<DiskShape> before, IReadOnlyList<DiskShape> now) =>
        before.Select(WithoutSource).SequenceEqual(now.Select(WithoutSource))
        && !now.Any(disk => disk.Source is not null && before.Any(other => other.Index != disk.Index && other.Source == disk.Source));

    /// <summary>Targets of the disks whose changes are not known: attached, resized, or with the image of another one.</summary>
    public static IReadOnlyList<string> UnknownOf(IReadOnlyList<DiskShape> before, IReadOnlyList<DiskShape> now) =>
    [
        .. now.Where(disk => !before.Select(WithoutSource).Contains(WithoutSource(disk))
                || (disk.Source is not null && before.Any(other => other.Index != disk.Index && other.Source == disk.Source)))
            .Select(disk => disk.Target),
    ];

    /// <summary>Targets of the disks whose image is another file: moved, or another image.</summary>
    public static IReadOnlyList<string> MovedOf(IReadOnlyList<DiskShape> before, IReadOnlyList<DiskShape> now) =>
        [.. now.Where(disk => before.Any(other => other.Target == disk.Target && other.Source != disk.Source)).Select(disk => disk.Target)];

    /// <summary>A set that is read back from the vault may hold anything for a definition: the vault does not look into it.</summary>
    private static VirtualMachineDefinition? DefinitionOf(SetManifest manifest)
    {
        try
        {
            return manifest.Machine?.Definition.Deserialize<VirtualMachineDefinition>(VaultJson.Options);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            string set = VaultNames.Set(manifest.Epoch, manifest.Sequence);
            throw new VaultException(
                VaultFault.Damaged,
                set,
                $"The machine's definition in {set} cannot be read: {fault.Message}",
                "No agent of this product wrote it: look who did. Protect the machine anew, or ask for a resynchronization of a new epoch.",
                fault);
        }
    }

    private static DiskShape WithoutSource(DiskShape disk) => disk with { Source = null };

    private static string? SourceOf(VirtualMachineDefinition? definition, int index) =>
        definition?.Disks.FirstOrDefault(disk => disk.Index == index)?.Source;
}
