namespace RecoveryOperator.Hypervisors;

/// <summary>Whether a machine runs.</summary>
public enum PowerState
{
    /// <summary>Not known.</summary>
    Unknown,

    /// <summary>Off.</summary>
    Off,

    /// <summary>Running.</summary>
    Running,

    /// <summary>Paused.</summary>
    Paused,
}

/// <summary>A virtual machine as its host describes it.</summary>
/// <param name="Id">The hypervisor's own id, stable across renames (libvirt UUID).</param>
/// <param name="Name">Its name on the host.</param>
/// <param name="State">Whether it runs.</param>
/// <param name="Definition">What it takes to make it again.</param>
public sealed record VirtualMachine(string Id, string Name, PowerState State, VirtualMachineDefinition Definition);

/// <summary>
/// What it takes to make a machine again, on the same kind of host (<see cref="NativeDefinition"/>) or on another kind (the rest).
/// Travels in set manifests and recovery points as JSON.
/// </summary>
/// <param name="Hypervisor">Driver that wrote it: <c>Libvirt</c>, <c>HyperV</c> or <c>Images</c>.</param>
/// <param name="VirtualCpus">Number of virtual CPUs.</param>
/// <param name="MemoryBytes">Memory in bytes.</param>
/// <param name="Firmware"><c>Bios</c> or <c>Uefi</c>.</param>
/// <param name="Disks">Its disks, by index.</param>
/// <param name="Nics">Its network interfaces, in order.</param>
/// <param name="NativeDefinition">The driver's own definition (libvirt: domain XML without secrets), null where there is none.</param>
public sealed record VirtualMachineDefinition(
    string Hypervisor,
    int VirtualCpus,
    long MemoryBytes,
    string Firmware,
    IReadOnlyList<VirtualDisk> Disks,
    IReadOnlyList<VirtualNic> Nics,
    string? NativeDefinition);

/// <summary>One disk of a machine.</summary>
/// <param name="Index">Index from 0.</param>
/// <param name="Target">Name within the guest, for example <c>vda</c>.</param>
/// <param name="SizeBytes">Size that the guest sees, in bytes.</param>
/// <param name="Bus">For example <c>virtio</c>, <c>scsi</c>, <c>ide</c>.</param>
/// <param name="Format">For example <c>qcow2</c>, <c>raw</c>, <c>vhdx</c>.</param>
/// <param name="Source">Path or device on the host, null where it has none.</param>
public sealed record VirtualDisk(int Index, string Target, long SizeBytes, string Bus, string Format, string? Source);

/// <summary>One network interface of a machine.</summary>
/// <param name="Mac">MAC address, lower case with colons.</param>
/// <param name="Network">Network that it is connected to, null when to none.</param>
public sealed record VirtualNic(string Mac, string? Network);
