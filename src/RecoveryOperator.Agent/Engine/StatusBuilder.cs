using Google.Protobuf.WellKnownTypes;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine;

/// <summary>A protection as the operator sees it.</summary>
internal static class StatusBuilder
{
    public static ProtectionStatus Build(ProtectionContext context, CycleClock clock, ShippingLoop shipping, Fault? broken)
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
            Fault = progress.End is { } end && context.IsEnded ? Steps.Ending.ToFault(progress.Phase, end) : (clock.Fault ?? shipping.Fault ?? broken)?.Clone(),
            ReadBytesTotal = progress.ReadBytesTotal,
            ChangedBytesTotal = progress.ChangedBytesTotal,
            ShippedBytesTotal = progress.ShippedBytesTotal,
            PendingBytes = context.PendingBytes,
            LogUtilization = context.LogUtilization,
            CutsWaiting = context.CutsWaiting,
            CyclesTotal = progress.CyclesTotal,
            CyclesDueLastHour = due,
            CyclesMissedLastHour = missed,
            LastCycleDuration = clock.LastDuration?.ToDuration(),
            RetryAt = (clock.Fault is null ? shipping.RetryAt : clock.RetryAt)?.ToTimestamp(),
            Resync = ResyncOf(context),
            MeanLatency = clock.MeanLatency()?.ToDuration(),
        };
        if (progress.AppConsistency is { } app)
        {
            status.AppConsistentInstant = app.CommittedInstant?.ToTimestamp();
            status.AppConsistentProblem = app.Problem ?? "";
        }

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
        EnginePhase.Resynchronizing => ProtectionPhase.Resynchronizing,
        EnginePhase.Initial => ProtectionPhase.InitialReplication,
        EnginePhase.Replicating => ProtectionPhase.Replicating,
        _ => ProtectionPhase.Pending,
    };

    private static ResyncStatus? ResyncOf(ProtectionContext context)
    {
        ProtectionProgress progress = context.Progress;
        if (progress is { Phase: EnginePhase.ResyncRequired, End: { } end })
        {
            return new ResyncStatus
            {
                Reason = end.Reason,
                Message = end.Message,
                Stage = context.IsEnded ? ResyncStage.WaitingForUser : ResyncStage.WaitingForVault,
                Token = progress.ResyncToken,
            };
        }

        if (progress.Resync is not { } resync)
            return null;
        IEnumerable<DiskComparison> compared = resync.Disks?.Where(disk => disk.Compare) ?? [];
        return new ResyncStatus
        {
            Reason = resync.Reason,
            Message = resync.Message,
            Stage = context.Resync.Stage,
            StartsAt = context.Resync.StartsAt?.ToTimestamp(),
            EstimatedBytes = resync.EstimatedBytes ?? 0,
            TotalBytes = compared.Sum(disk => disk.SizeBytes),
            ComparedBytes = Math.Max(context.Resync.ComparedBytes, compared.Sum(disk => disk.ComparedThroughBytes)),
            DifferentBytes = Math.Max(context.Resync.DifferentBytes, compared.Sum(disk => disk.DifferentBytes)),
            Token = progress.ResyncToken,
        };
    }

    private static IEnumerable<DiskInfo> DisksOf(ProtectionProgress progress) =>
        progress.Last?.Disks.Select(disk => new DiskInfo { Index = disk.Index, Target = disk.Target, SizeBytes = disk.SizeBytes })
        ?? progress.Initial?.Disks?.Select(disk => new DiskInfo { Index = disk.Index, Target = disk.Target, SizeBytes = disk.SizeBytes })
        ?? [];
}
