using RecoveryOperator.Agent.Engine.Steps;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.State;

namespace RecoveryOperator.Agent.Engine;

/// <summary>A protection enters a higher epoch: what was cut in the old one never ships (docs/engine.md, "A raised epoch").</summary>
internal static class EpochRaise
{
    /// <summary>Takes progress into the epoch that is desired, where it is not there yet. No runner of the protection runs.</summary>
    /// <returns>The protection as it is stored now.</returns>
    public static StoredProtection Finish(EngineServices services, StoredProtection stored)
    {
        (long epoch, string id) = (stored.Desired.Epoch, stored.Desired.ProtectionId);
        ProtectionProgress former = stored.Progress;
        if (epoch <= former.Epoch)
            return stored;

        EndReason end = Ending.Resync(
            stored.Desired,
            FaultReasons.EpochNeedsResync,
            $"Epoch {epoch} goes on from a recovery point of an earlier one, so this machine's content must be compared with the replica first.");
        ProtectionProgress raised = new()
        {
            Epoch = epoch,
            MachineId = former.MachineId,
            ResyncToken = former.ResyncToken,
            FormerDisks = former.Last?.Disks ?? former.FormerDisks,
            NextDiskIndex = former.NextDiskIndex,
            IgnoredDisks = former.IgnoredDisks,
            Phase = EnginePhase.ResyncRequired,
            End = end,
            Intent = services.Store.LoadQueue(id).Oldest ?? former.Intent,
        };
        services.Store.DropCuts(id, raised, 0, forgetBase: true);
        services.Logger.Ended(stored.Desired.DisplayName, epoch, EnginePhase.ResyncRequired, end.Reason, end.Message);
        return stored with { Progress = raised };
    }
}
