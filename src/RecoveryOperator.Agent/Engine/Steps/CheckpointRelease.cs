namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>Lets the source forget what is older than the newest committed set (docs/engine.md, D10). The caller holds the machine.</summary>
internal static class CheckpointRelease
{
    /// <summary>Releases what is due. Idempotent.</summary>
    public static async Task RunAsync(ProtectionContext context, CancellationToken cancellationToken)
    {
        if (!context.ReleaseDue || context.Progress is not { Last: { } last, Phase: EnginePhase.Replicating })
            return;

        context.ReleaseDue = false; // What is committed meanwhile makes it due again.
        try
        {
            await context.Hypervisor.CommitCheckpointAsync(context.MachineId, context.Id, last.Checkpoint, cancellationToken);
        }
        catch
        {
            context.ReleaseDue = true;
            throw;
        }
    }
}
