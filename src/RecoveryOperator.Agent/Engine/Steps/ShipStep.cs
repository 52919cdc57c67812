using RecoveryOperator.Agent.State;
using RecoveryOperator.DataPath.Spool;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Bandwidth;
using RecoveryOperator.Vault;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>Takes a finished cut to the vault (docs/engine.md, D7).</summary>
/// <param name="context">The protection.</param>
/// <param name="holdsMachine">The caller holds the machine.</param>
internal sealed class ShipStep(ProtectionContext context, bool holdsMachine)
{
    /// <summary>Ships what is not shipped yet. A cut that cannot be shipped as it is, and those behind it, become an intent again and are merged back.</summary>
    public async Task RunAsync(PendingCut cut, CancellationToken cancellationToken)
    {
        context.Enter(CycleStage.Ship, cut.Intent.Sequence, shipsBeside: !holdsMachine);
        context.ShowQueue();
        ParallelOptions options = new() { MaxDegreeOfParallelism = UploadLane.MaxConcurrency, CancellationToken = cancellationToken };
        try
        {
            await Parallel.ForEachAsync(cut.Segments.Where(segment => !segment.Shipped), options, async (segment, token) => await ShipAsync(cut, segment, token));
        }
        catch (Exception fault) when (fault is SpoolDamageException or VaultException { Fault: VaultFault.Conflict })
        {
            context.Services.Logger.CutDropped(context.DisplayName, context.Progress.Epoch, cut.Intent.Sequence, fault);
            context.Damaged = cut.Intent;
            await MachineHold.TryAsync(context, holdsMachine, () => IntentResolution.TryAsync(context, cancellationToken));
            throw;
        }
    }

    private async Task ShipAsync(PendingCut cut, CutSegment segment, CancellationToken cancellationToken)
    {
        SpooledSegment file = new(segment.Path, Path.GetFileName(segment.Path), segment.LengthBytes, segment.Sha256);
        await SegmentUpload.RunAsync(context, file, segment.Blob, cancellationToken);
        context.Store.MarkShipped(context.Id, cut.Intent.Sequence, segment.Disk, segment.Segment);
        context.ShowQueue();
    }
}
