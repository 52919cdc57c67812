using RecoveryOperator.Hypervisors.Native;

namespace RecoveryOperator.Hypervisors.Images.Machines;

/// <summary>What keeps a machine from being protected.</summary>
internal static class MachineChecks
{
    private const int SectorBytes = 512;

    /// <summary>Every failure, each with its remedy.</summary>
    public static IReadOnlyList<PrerequisiteFailure> Run(ImagesMachine machine, IReadOnlyCollection<string> excludedDisks)
    {
        var failures = CheckDisks(machine, excludedDisks);
        failures.AddRange(excludedDisks.Except(machine.File.Disks.Select(disk => disk.Target)).Select(target => new PrerequisiteFailure(
            "DiskNotFound",
            About(machine, target),
            "A disk is to be excluded that the machine does not have.",
            $"Exclude only: {string.Join(", ", machine.File.Disks.Select(disk => disk.Target))}.")));
        return failures;
    }

    /// <summary>Throws when the machine cannot be read as it is.</summary>
    /// <exception cref="HypervisorException">It cannot; the message names every reason.</exception>
    public static void ThrowIfUnreadable(ImagesMachine machine, IReadOnlyCollection<string> excludedDisks)
    {
        var failures = CheckDisks(machine, excludedDisks);
        if (failures.Count > 0)
        {
            throw new HypervisorException(
                failures.Exists(failure => failure.Reason != "DiskNotFound") ? HypervisorFault.Unsupported : HypervisorFault.NotFound,
                string.Join(" ", failures.Select(failure => $"{failure.Object}: {failure.Message}")),
                failures[0].Remedy);
        }
    }

    private static List<PrerequisiteFailure> CheckDisks(ImagesMachine machine, IReadOnlyCollection<string> excludedDisks)
    {
        var failures = machine.File.Disks
            .Where(disk => !excludedDisks.Contains(disk.Target))
            .Select(disk => CheckDisk(machine, disk))
            .OfType<PrerequisiteFailure>()
            .ToList();
        failures.AddRange(machine.File.Disks.GroupBy(disk => disk.Target).Where(group => group.Count() > 1).Select(group => new PrerequisiteFailure(
            "UnsupportedDisk",
            About(machine, group.Key),
            "Two disks have the same target.",
            $"Give each disk its own target in '{machine.DefinitionPath}'.")));
        if (machine.File.Disks.All(disk => excludedDisks.Contains(disk.Target)))
        {
            failures.Add(new PrerequisiteFailure("NoDisks", $"vm {machine.Name}", "No disk is left to protect.", "Exclude fewer disks."));
        }

        return failures;
    }

    private static PrerequisiteFailure? CheckDisk(ImagesMachine machine, MachineFileDisk disk)
    {
        var path = machine.ImagePath(disk);
        if (!File.Exists(path))
        {
            return new PrerequisiteFailure("DiskNotFound", About(machine, disk.Target), $"Its image '{path}' is not there.", "Restore it or exclude the disk.");
        }

        if (!LinuxFile.IsRegular(path))
        {
            return new PrerequisiteFailure(
                "UnsupportedDisk", About(machine, disk.Target), $"'{path}' is not a regular file.", "Use a raw image file or exclude the disk.");
        }

        var sizeBytes = new FileInfo(path).Length;
        return sizeBytes > 0 && sizeBytes % SectorBytes == 0
            ? null
            : new PrerequisiteFailure(
                "UnsupportedDisk",
                About(machine, disk.Target),
                $"'{path}' has {sizeBytes} bytes, which is no whole number of sectors above zero.",
                $"Pad the image to a multiple of {SectorBytes} bytes.");
    }

    private static string About(ImagesMachine machine, string target) => $"disk {target} of vm {machine.Name}";
}
