using Microsoft.Extensions.Logging.Abstractions;

namespace RecoveryOperator.Hypervisors.Images.Machines;

/// <summary>Makes machines of empty disks, to try things with.</summary>
public static class ImagesMachineFactory
{
    private const long MemoryBytes = 256L << 20;

    /// <summary>Makes a machine, switched off, with one NIC on network <c>default</c> and sparse disks <c>vda</c>, <c>vdb</c>, ….</summary>
    /// <param name="root">The driver's folder; made when absent.</param>
    /// <param name="name">Name of the machine.</param>
    /// <param name="diskSizesBytes">Size of each disk in bytes, multiples of 512; one to 26 disks.</param>
    /// <exception cref="HypervisorException">The name is taken or unusable.</exception>
    public static VirtualMachine Create(string root, string name, params IReadOnlyList<long> diskSizesBytes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(diskSizesBytes.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(diskSizesBytes.Count, 26);
        var directory = new MachineFolder(root, NullLogger.Instance).PathOf(name);
        if (Directory.Exists(directory))
        {
            throw new HypervisorException(
                HypervisorFault.Conflict, $"Machine '{name}' exists in '{root}' already.", "Choose another name or delete the folder.");
        }

        Directory.CreateDirectory(directory);
        var disks = diskSizesBytes.Select((_, index) => new MachineFileDisk($"vd{(char)('a' + index)}", $"disk-{index}.raw")).ToList();
        var id = Guid.NewGuid();
        var machine = new ImagesMachine(
            directory,
            new MachineFile(id.ToString(), name, 1, MemoryBytes, disks, [new MachineFileNic(MacFrom(id), "default")]));
        foreach (var (disk, sizeBytes) in disks.Zip(diskSizesBytes))
        {
            using var image = File.Create(machine.ImagePath(disk));
            image.SetLength(sizeBytes);
        }

        MachineFolder.Save(machine);
        return machine.Describe();
    }

    private static string MacFrom(Guid id)
    {
        var bytes = id.ToByteArray();
        return $"52:54:00:{bytes[0]:x2}:{bytes[1]:x2}:{bytes[2]:x2}";
    }
}
