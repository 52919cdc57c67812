using RecoveryOperator.Api.Common;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Protection;

namespace RecoveryOperator.Operator.ProtectedVMs;

/// <summary>A machine that was recovered and runs from the vault.</summary>
/// <param name="Host">RecoveryHost that it is on.</param>
/// <param name="MachineId">Its id there.</param>
/// <param name="What">For people: which of them it is.</param>
internal sealed record RecoveredMachine(string Host, string MachineId, string What);

/// <summary>Whether recovered machines read what their source read. Pure.</summary>
internal static class RecoveredReadsAdvice
{
    private const string Type = ConditionTypes.RecoveredReadsVerified;
    private const string Remedy =
        "The guest stops when it asks for them: it is never given other bytes than the source's. Find a whole point with 'recovery-agent vault verify', and recover from it ('recovery-agent vault restore' writes its disks to files).";

    /// <param name="machines">The machines; null when not known.</param>
    /// <param name="describe">What a host's agent says now; null while it is silent.</param>
    public static ConditionFact Decide(IReadOnlyList<RecoveredMachine>? machines, Func<string, HostDescription?> describe)
    {
        if (machines is null)
            return new(Type, null, "NotKnown", "Whether there are recovered machines is not known: the vault was not read yet.");
        if (machines.Count == 0)
            return new(Type, null, "NothingRecovered", "No machine runs from the replica.");
        var said = machines.Select(machine => (Machine: machine, Description: describe(machine.Host))).ToList();
        var disks = said.SelectMany(one => (one.Description?.RecoveredReads ?? []).Where(disk => disk.MachineId == one.Machine.MachineId).Select(disk => (one.Machine, Disk: disk))).ToList();
        var damaged = disks.Where(one => one.Disk.DamagedBlocks > 0).Select(one =>
            $"disk {one.Disk.Target} of {one.Machine.What} on host {one.Machine.Host}, snapshot {one.Disk.Snapshot}: {one.Disk.DamagedBlocks} of its blocks of 64 KiB, the first at byte {one.Disk.FirstDamagedOffsetBytes}").ToList();
        if (damaged.Count > 0)
            return new(Type, false, "DamagedBlocks", $"The replica does not hold what the source read: {string.Join("; ", damaged)}. {Remedy}");
        if (said.FirstOrDefault(one => one.Description is null) is { Machine: { } silent })
            return new(Type, null, "AgentSilent", $"The agent of host {silent.Host}, on which {silent.What} is, does not answer.");
        if (said.FirstOrDefault(one => !one.Description!.ComparesReads) is { Machine: { } old })
            return new(Type, null, "AgentTooOld", $"The agent of host {old.Host}, on which {old.What} is, does not compare what is read with the source's checksums: update it.");
        var uncompared = disks.Where(one => !one.Disk.Compared).Select(one => $"disk {one.Disk.Target} of {one.Machine.What} on host {one.Machine.Host}, snapshot {one.Disk.Snapshot}").ToList();
        return uncompared.Count > 0
            ? new(Type, false, "NotCompared", $"There is or was no checksum table to compare what is read with, or no right to read it: {string.Join("; ", uncompared)}. Verify the point with 'recovery-agent vault verify'.")
            : new(Type, true, "Compared", "All that recovered machines have read since their host's agent started is what the source read.");
    }
}
