using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;
using RecoveryOperator.Replication.Resync;
using RecoveryOperator.Replication.Schedule;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Engine.Steps.Resync;

/// <summary>Takes a resynchronization as far as it goes now (docs/resync.md, R2 to R5).</summary>
internal sealed class ResyncStep(ProtectionContext context)
{
    /// <summary>How often the vault agent's answer is looked for.</summary>
    private static readonly TimeSpan AnswerInterval = TimeSpan.FromSeconds(15);

    private readonly ResyncAnswers _answers = new(context);

    private ResyncState State => context.Progress.Resync!;

    private DateTimeOffset Now => context.Services.Time.GetUtcNow();

    /// <summary>Runs it.</summary>
    /// <returns>Null when all is compared, and the set that completes it can be cut.</returns>
    public async Task<CycleRest?> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await RunStepsAsync(cancellationToken);
        }
        catch (VaultException fault) when (fault.Fault == VaultFault.Changed)
        {
            await ResyncBeginning.AgainAsync(context, fault.Message, keepsLast: true, cancellationToken);
            return new CycleRest(Now);
        }
        catch (ChangeTrackingLostException lost)
        {
            await ResyncBeginning.AgainAsync(context, lost.Message, keepsLast: false, cancellationToken);
            return new CycleRest(Now + AnswerInterval);
        }
    }

    private async Task<CycleRest?> RunStepsAsync(CancellationToken cancellationToken)
    {
        ResyncCopy copy = new(context, _answers);
        if (context.Hypervisor.Capabilities.TracksChanges)
            await copy.TrackAsync(cancellationToken);
        if (!await _answers.EnsureAsync(cancellationToken))
            return Rest(ResyncStage.WaitingForVault, Now + AnswerInterval, null);
        if (State.OnlyTargets is not null && !IsOfNewestSet(State.Answer!.Position))
        {
            await ResyncBeginning.AgainAsync(
                context, "the replica does not stand at the newest committed set, so what changed since that is not all that it lacks", keepsLast: false, cancellationToken);
            return new CycleRest(Now);
        }

        if (State.EstimatedBytes is null)
            await copy.EstimateAsync(cancellationToken);

        // What began again in between has no answer yet.
        while (State is { Answer: not null, Complete: false })
        {
            WindowState may = ResyncWishes.MayRun(context);
            if (!may.Open)
                return RestFor(may);
            context.ShowResync(context.Resync with { Stage = ResyncStage.Comparing, StartsAt = null });
            await copy.RunAsync(cancellationToken);
        }

        if (State.Answer is null)
            return new CycleRest(Now);

        if (ResyncWishes.WishOf(context.Desired) != ResyncWish.Run)
            return Rest(ResyncStage.WaitingForUser, null, null);
        context.ShowResync(context.Resync with { Stage = ResyncStage.Finishing, StartsAt = null });
        return null;
    }

    /// <summary>Disks that are not compared are brought forward from the newest set: a replica that could not apply it holds something else of them.</summary>
    private bool IsOfNewestSet(ComparedPosition position) =>
        context.Progress.Last is { } last && (position.Epoch, position.Sequence, position.SetSha256) == (context.Progress.Epoch, last.Sequence, last.Sha256);

    private CycleRest RestFor(WindowState may) => ResyncWishes.WishOf(context.Desired) == ResyncWish.Run
        ? Rest(ResyncStage.WaitingForWindow, may.ChangesAt, may.ChangesAt)
        : Rest(ResyncStage.WaitingForUser, null, null);

    private CycleRest Rest(ResyncStage stage, DateTimeOffset? until, DateTimeOffset? startsAt)
    {
        context.ShowResync(context.Resync with { Stage = stage, StartsAt = startsAt });
        return new CycleRest(until);
    }
}
