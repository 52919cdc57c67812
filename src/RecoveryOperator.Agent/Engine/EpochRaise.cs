using RecoveryOperator.Agent.Engine.Steps;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine;

/// <summary>A protection enters a higher epoch: what was cut in the old one never ships.</summary>
internal static class EpochRaise
{
    /// <summary>Stops the loop, stores the new epoch, and begins a new loop.</summary>
    public static async Task<ProtectionRunner> RunAsync(
        EngineServices services,
        ProtectionRunner former,
        DesiredProtection desired,
        DateTimeOffset grantedAt,
        Func<ProtectionRunner, Task<ProtectionRunner>> restart)
    {
        await former.StopAsync();
        ProtectionContext context = former.Context;
        context.ReloadWhenUncertain();
        context.Replace(desired.Clone(), grantedAt);
        EndReason end = Ending.Resync(
            context,
            FaultReasons.EpochNeedsResync,
            $"Epoch {desired.Epoch} goes on from a recovery point of an earlier one, so this machine's content must be compared with the replica first.");
        CutIntent? waiting = services.Store.LoadQueue(context.Id).Oldest;
        context.Save(
            progress => new ProtectionProgress
            {
                Epoch = desired.Epoch,
                MachineId = progress.MachineId,
                ResyncToken = progress.ResyncToken,
                FormerDisks = progress.Last?.Disks ?? progress.FormerDisks,
                NextDiskIndex = progress.NextDiskIndex,
                IgnoredDisks = progress.IgnoredDisks,
                Phase = EnginePhase.ResyncRequired,
                End = end,
                Intent = waiting ?? progress.Intent,
            },
            progress => services.Store.DropCuts(context.Id, progress, 0, forgetBase: true));
        services.Logger.Ended(context.DisplayName, desired.Epoch, EnginePhase.ResyncRequired, end.Reason, end.Message);
        return await restart(former);
    }
}
