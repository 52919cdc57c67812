using Google.Protobuf.WellKnownTypes;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine;

/// <summary>A protection as the operator sees it.</summary>
internal static class StatusBuilder
{
    public static ProtectionStatus Build(ProtectionContext context, CycleClock clock)
    {
        ProtectionProgress progress = context.Progress;
        (long due, long missed) = clock.LastHour();
        ProtectionStatus status = new()
        {
            ProtectionId = context.Id,
            Epoch = progress.Epoch,
            MachineId = progress.MachineId ?? "",
            Phase = PhaseOf(progress, context.Desired.Paused),
            Stage = context.Stage,
            Initial = context.Copy?.Clone(),
            CommittedSequence = progress.Last?.Sequence ?? 0,
            CommittedInstant = progress.Last?.Instant.ToTimestamp(),
            NextCycle = clock.NextCycle?.ToTimestamp(),
            Fault = progress.End is { } end && progress.Ended ? Steps.Ending.ToFault(progress.Phase, end) : clock.Fault?.Clone(),
            ReadBytesTotal = progress.ReadBytesTotal,
            ChangedBytesTotal = progress.ChangedBytesTotal,
            ShippedBytesTotal = progress.ShippedBytesTotal,
            PendingBytes = context.PendingBytes,
            CyclesTotal = progress.CyclesTotal,
            CyclesDueLastHour = due,
            CyclesMissedLastHour = missed,
            LastCycleDuration = clock.LastDuration?.ToDuration(),
            RetryAt = clock.RetryAt?.ToTimestamp(),
        };
        if (progress.LastIncident is { } incident)
            status.LastIncident = new() { At = incident.At.ToTimestamp(), GuestWasPaused = incident.GuestWasPaused, Message = incident.Message };
        status.Disks.AddRange(DisksOf(progress));
        return status;
    }

    private static ProtectionPhase PhaseOf(ProtectionProgress progress, bool paused) => progress.Phase switch
    {
        EnginePhase.Fenced => ProtectionPhase.Fenced,
        EnginePhase.ResyncRequired => ProtectionPhase.ResyncRequired,
        _ when paused => ProtectionPhase.Paused,
        EnginePhase.Initial => ProtectionPhase.InitialReplication,
        EnginePhase.Replicating => ProtectionPhase.Replicating,
        _ => ProtectionPhase.Pending,
    };

    private static IEnumerable<DiskInfo> DisksOf(ProtectionProgress progress) =>
        progress.Last?.Disks.Select(disk => new DiskInfo { Index = disk.Index, Target = disk.Target, SizeBytes = disk.SizeBytes })
        ?? progress.Initial?.Disks?.Select(disk => new DiskInfo { Index = disk.Index, Target = disk.Target, SizeBytes = disk.SizeBytes })
        ?? [];
}
