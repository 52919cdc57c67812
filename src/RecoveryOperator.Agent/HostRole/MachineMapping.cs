using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.HostRole;

/// <summary>Machines of the hypervisor contract as messages.</summary>
internal static class MachineMapping
{
    public static MachineInfo ToInfo(VirtualMachine machine)
    {
        MachineInfo info = new()
        {
            Id = machine.Id,
            Name = machine.Name,
            State = ToState(machine.State),
            VirtualCpus = machine.Definition.VirtualCpus,
            MemoryBytes = machine.Definition.MemoryBytes,
        };
        info.Disks.AddRange(machine.Definition.Disks.Select(disk => new DiskInfo
        {
            Index = disk.Index,
            Target = disk.Target,
            SizeBytes = disk.SizeBytes,
            Bus = disk.Bus,
            Format = disk.Format,
        }));
        info.Nics.AddRange(machine.Definition.Nics.Select(nic => new NicInfo { Mac = nic.Mac, Network = nic.Network ?? "" }));
        return info;
    }

    public static Fault ToFault(PrerequisiteFailure failure) => new()
    {
        Category = FaultCategory.NonRecoverable,
        Reason = failure.Reason,
        Object = failure.Object,
        Message = failure.Message,
        Remedy = failure.Remedy,
    };

    private static MachineState ToState(PowerState state) => state switch
    {
        PowerState.Off => MachineState.Off,
        PowerState.Running => MachineState.Running,
        PowerState.Paused => MachineState.Paused,
        _ => MachineState.Unspecified,
    };

    /// <summary>What a recovered machine read of a disk.</summary>
    public static Protocol.RecoveredDiskReads ToInfo(Hypervisors.RecoveredDiskReads reads) => new()
    {
        MachineId = reads.MachineId,
        Target = reads.Target,
        Snapshot = reads.Snapshot,
        Compared = reads.IsCompared,
        DamagedBlocks = reads.DamagedBlocks,
        FirstDamagedOffsetBytes = reads.FirstDamagedOffsetBytes ?? 0,
    };
}
