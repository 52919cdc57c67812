namespace RecoveryOperator.Hypervisors;

/// <summary>What a recovered machine has read of a disk in the vault since the driver was made.</summary>
/// <param name="MachineId">The machine.</param>
/// <param name="Target">The disk's name within the guest.</param>
/// <param name="Snapshot">Which snapshot of the disk in the vault: it tells the recovery point.</param>
/// <param name="IsCompared">Whether all that was read was compared with the checksums of what the source read. False: there is, or was, no table, or no right to read it.</param>
/// <param name="DamagedBlocks">Blocks of 64 KiB that are not what the source read and are not given to the guest, 0 to 1000: more are not counted.</param>
/// <param name="FirstDamagedOffsetBytes">Where the first of them is, in bytes from the disk's start; null when there are none.</param>
public sealed record RecoveredDiskReads(string MachineId, string Target, string Snapshot, bool IsCompared, int DamagedBlocks, long? FirstDamagedOffsetBytes);
