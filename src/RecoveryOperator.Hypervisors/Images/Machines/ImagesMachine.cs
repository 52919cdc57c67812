using RecoveryOperator.Hypervisors.Native;

namespace RecoveryOperator.Hypervisors.Images.Machines;

/// <summary>A machine: its folder and what <c>machine.json</c> says.</summary>
internal sealed record ImagesMachine(string DirectoryPath, MachineFile File)
{
    public const string DefinitionFileName = "machine.json";

    public string Id => File.Id;

    public string Name => File.Name;

    /// <summary>The lock that a writer takes around each burst of writes, and a snapshot for the instant.</summary>
    public string LockPath => Path.Combine(DirectoryPath, "machine.lock");

    /// <summary>Held by the running guest for as long as it lives.</summary>
    public string GuestLockPath => Path.Combine(DirectoryPath, "guest.lock");

    public string ProcessPath => Path.Combine(DirectoryPath, "guest.pid");

    public string ConsolePath => Path.Combine(DirectoryPath, "console.log");

    public string DefinitionPath => Path.Combine(DirectoryPath, DefinitionFileName);

    public string ImagePath(MachineFileDisk disk) => Path.Combine(DirectoryPath, disk.File);

    /// <summary>Reads the machine in a folder.</summary>
    /// <exception cref="IOException">There is none.</exception>
    /// <exception cref="System.Text.Json.JsonException">Its definition is damaged.</exception>
    public static ImagesMachine Load(string directoryPath) =>
        new(directoryPath, MachineFile.Parse(System.IO.File.ReadAllBytes(Path.Combine(directoryPath, DefinitionFileName))));

    /// <summary>The running guest; null when there is none.</summary>
    public ProcessIdentity? RunningGuest()
    {
        // The file outlives the guest: what counts is whether the very process that it names lives.
        var recorded = System.IO.File.Exists(ProcessPath) ? ProcessIdentity.Parse(System.IO.File.ReadAllText(ProcessPath)) : null;
        return recorded is not null && recorded.IsAlive() ? recorded : null;
    }

    /// <summary>The machine in the terms of the contract.</summary>
    public VirtualMachine Describe() => new(
        Id,
        Name,
        RunningGuest() is null ? PowerState.Off : PowerState.Running,
        new VirtualMachineDefinition(
            "Images",
            File.VirtualCpus,
            File.MemoryBytes,
            "Bios",
            [.. File.Disks.Select(DescribeDisk)],
            [.. File.Nics.Select(nic => new VirtualNic(nic.Mac, nic.Network))],
            NativeDefinition: null));

    private VirtualDisk DescribeDisk(MachineFileDisk disk, int index)
    {
        var image = new FileInfo(ImagePath(disk));
        return new VirtualDisk(index, disk.Target, image.Exists ? image.Length : 0, "virtio", "raw", image.FullName);
    }
}
