namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>
/// Undoes a cut that was begun and not finished, or cannot be shipped: its changes, and those of the cuts behind it, are merged back (P2), its files go.
/// The caller holds the machine.
/// </summary>
internal static class IntentResolution
{
    /// <summary>Resolves the intent, if there is one. Idempotent; each step may be the last before a crash.</summary>
    public static async Task RunAsync(ProtectionContext context, CancellationToken cancellationToken)
    {
        bool queueShrinks = context.Damaged is not null;
        if (context.Damaged is { } damaged)
        {
            context.Save(progress => progress with { Intent = damaged }, progress => context.Store.DropCuts(context.Id, progress, damaged.Sequence, forgetBase: false));
            context.Damaged = null;
            context.ShowQueue();
        }

        if (context.Progress.Intent is not { } intent)
            return;

        // A cut that was stored although the store said otherwise must not be shipped once its checkpoint is gone.
        context.Save(progress => progress, progress => context.Store.DropCuts(context.Id, progress, intent.Sequence, forgetBase: false));
        await context.Hypervisor.AbandonCheckpointAsync(context.MachineId, context.Id, intent.Checkpoint, cancellationToken);
        context.Services.Spool.DeleteAttempt(context.Id, intent.Attempt);
        context.Save(progress => progress with { Intent = null });
        if (queueShrinks)
            context.QueueShrank?.Invoke(); // Not for a cut that did not fit: it would be tried again, and not fit again, without a pause.
        context.Services.Logger.IntentResolved(context.DisplayName, context.Progress.Epoch, intent.Sequence);
    }

    /// <summary>Resolves it after a failure: when that fails too it is logged, and done before the next cut.</summary>
    public static async Task TryAsync(ProtectionContext context, CancellationToken cancellationToken)
    {
        try
        {
            context.ReloadWhenUncertain();
            await RunAsync(context, cancellationToken);
        }
        catch (Exception fault)
        {
            context.Services.Logger.IntentNotResolved(context.DisplayName, context.Progress.Epoch, fault);
        }
    }
}
