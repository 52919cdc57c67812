using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Agent.Engine.Steps.Resync;

/// <summary>Begins a resynchronization, or begins it again (docs/resync.md, R1).</summary>
internal static class ResyncBeginning
{
    /// <summary>Stores a resynchronization that has done nothing yet, under a checkpoint that does not exist yet.</summary>
    /// <param name="context">The protection. No cut of it waits.</param>
    /// <param name="wanted">Why and how; its checkpoint is replaced, and what it found before is forgotten.</param>
    /// <param name="token">The newest token that is taken up: with the same transaction, so that none is spent for nothing.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task RunAsync(ProtectionContext context, ResyncState wanted, string token, CancellationToken cancellationToken)
    {
        IReadOnlyList<ChangeTrackingId> checkpoints = await context.Hypervisor.ListCheckpointsAsync(context.MachineId, context.Id, cancellationToken);
        bool keepsLast = wanted.KeepsLast && context.Progress.Last is { } last && checkpoints.Contains(last.Checkpoint);
        ResyncState state = new()
        {
            Reason = wanted.Reason,
            Message = wanted.Message,
            ComputeAnew = wanted.ComputeAnew,
            Requested = wanted.Requested,
            KeepsLast = keepsLast,
            OnlyTargets = keepsLast ? wanted.OnlyTargets : null,
            Checkpoint = Checkpoints.Name(context.Progress.Epoch, context.Progress.Last?.Sequence ?? 0, Guid.NewGuid()),
        };
        context.Save(
            progress => progress with { Phase = EnginePhase.Resynchronizing, Resync = state, ResyncToken = token, End = null, ResyncCanceled = false },
            progress => context.Store.BeginCopy(context.Id, progress));
        context.Services.Logger.ResyncBegins(context.DisplayName, context.Progress.Epoch, state.Reason, state.Checkpoint.Value, state.Requested);
    }

    /// <summary>
    /// Merges the changes since checkpoints of comparisons that were given up into those since the newest set. No snapshot is open, and none of what comes after
    /// the newest set is needed any more.
    /// </summary>
    public static async Task AbandonFormerAsync(ProtectionContext context, CancellationToken cancellationToken)
    {
        IReadOnlyList<ChangeTrackingId> checkpoints = await context.Hypervisor.ListCheckpointsAsync(context.MachineId, context.Id, cancellationToken);
        foreach (ChangeTrackingId former in checkpoints.SkipWhile(checkpoint => checkpoint != context.Progress.Last!.Checkpoint).Skip(1).Take(1))
            await context.Hypervisor.AbandonCheckpointAsync(context.MachineId, context.Id, former, cancellationToken);
    }

    /// <summary>
    /// Gives up what was done so far and begins again. A snapshot may be open, and a checkpoint cannot be abandoned then: that is left to the step that makes the
    /// next one.
    /// </summary>
    /// <param name="context">The protection.</param>
    /// <param name="why">For the log.</param>
    /// <param name="keepsLast">Changes since the newest set are still known, if they were before.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <param name="alsoCompared">Targets of disks whose changes are not known either, as it turned out meanwhile.</param>
    public static async Task AgainAsync(
        ProtectionContext context, string why, bool keepsLast, CancellationToken cancellationToken, IReadOnlyList<string>? alsoCompared = null)
    {
        ResyncState former = context.Progress.Resync!;
        context.Services.Logger.ResyncRestarts(context.DisplayName, context.Progress.Epoch, why);
        ResyncState wanted = former with
        {
            KeepsLast = former.KeepsLast && keepsLast,
            OnlyTargets = former.OnlyTargets is { } only ? [.. only.Union(alsoCompared ?? [])] : null,
        };
        await RunAsync(context, wanted, context.Progress.ResyncToken, cancellationToken);
    }
}
