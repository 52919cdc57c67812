using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Replication.Resync;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Engine.Steps.Resync;

/// <summary>Begins, hurries and cancels resynchronizations, as the user, the vault and the state of the protection want it.</summary>
internal sealed class ResyncGate(ProtectionContext context)
{
    private static readonly TimeSpan NoticeInterval = TimeSpan.FromMinutes(5);

    private DateTimeOffset _noticedAt = DateTimeOffset.MinValue;

    /// <summary>Runs it, before a cycle does anything else.</summary>
    /// <param name="ship">Ships and commits what waits: a resynchronization begins behind it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>True when one was called off.</returns>
    public async Task<bool> RunAsync(Func<Task> ship, CancellationToken cancellationToken)
    {
        switch (context.Progress.Phase)
        {
            case EnginePhase.Pending or EnginePhase.Initial:
                TakeToken(progress => progress);
                break;
            case EnginePhase.Resynchronizing when ResyncWishes.CancelIsDue(context):
                await CancelAsync(cancellationToken);
                return true;
            case EnginePhase.Resynchronizing:
                TakeToken(progress => progress with { Resync = progress.Resync! with { Requested = true } });
                break;
            case EnginePhase.Replicating:
                await NoticeAsync(cancellationToken);
                await BeginAsync(ship, cancellationToken);
                break;
            case EnginePhase.ResyncRequired:
                await BeginAsync(ship, cancellationToken);
                break;
        }

        return false;
    }

    private void TakeToken(Func<ProtectionProgress, ProtectionProgress> change)
    {
        string token = ResyncWishes.TokenOf(context.Desired);
        if (token.Length > 0 && token != context.Progress.ResyncToken)
            context.Save(progress => change(progress) with { ResyncToken = token });
    }

    private async Task BeginAsync(Func<Task> ship, CancellationToken cancellationToken)
    {
        ResyncDecision decision = ResyncWishes.Decide(context);
        if (decision is ResyncDecision.None or ResyncDecision.Hold)
            return;

        await ship();
        bool asked = decision == ResyncDecision.BeginAsRequested;
        EndReason? need = context.Progress.End;
        await ResyncBeginning.RunAsync(
            context,
            new ResyncState
            {
                Reason = need?.Reason ?? FaultReasons.Requested,
                Message = need?.Message ?? "It was asked for.",
                ComputeAnew = need?.ComputeAnew == true || (asked && context.Desired.Resync.ComputeAnew),
                Requested = asked,
                KeepsLast = need?.Reason is null or FaultReasons.SetDamaged or FaultReasons.ReplicaDamaged or FaultReasons.DisksChanged,
                OnlyTargets = need?.OnlyTargets,
                Checkpoint = default,
            },
            asked ? ResyncWishes.TokenOf(context.Desired) : context.Progress.ResyncToken,
            cancellationToken);
    }

    /// <summary>Does the vault agent want one? Not to be told is no reason to stop: the next cut tells whether the vault is there.</summary>
    private async Task NoticeAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = context.Services.Time.GetUtcNow();
        // One cut is always on its way where the line is slow. Several wait where the vault is away: then asking would only hold up the next cut.
        if ((now >= _noticedAt && now - _noticedAt < NoticeInterval) || context.CutsWaiting > 1)
            return;
        _noticedAt = now;
        try
        {
            ReplicaStateDocument? state = await context.Log.ReadReplicaStateAsync(cancellationToken);
            if (state?.NeedsResync is { } need && state.Epoch == context.Progress.Epoch && need.Sequence >= Math.Max(1, context.Progress.ResyncedSequence))
                Require(need);
        }
        catch (VaultException fault)
        {
            context.Services.Logger.ReplicaStateNotRead(context.DisplayName, context.Progress.Epoch, fault);
        }
    }

    private void Require(ResyncNeed need)
    {
        bool damagedReplica = need.Reason == ResyncNeedReason.ReplicaDamaged;
        // Newer data is worth more than a replica that is right in every block: as long as nobody lets it be put right, replication goes on.
        if (damagedReplica && (context.Progress.ResyncCanceled || (context.Desired.Resync?.ManualOnly ?? false) || ResyncWishes.WishOf(context.Desired) != ResyncWish.Run))
            return;

        EndReason end = Ending.Resync(context, damagedReplica ? FaultReasons.ReplicaDamaged : FaultReasons.SetDamaged, need.Message);
        Ending.Write(context, EnginePhase.ResyncRequired, end with { ComputeAnew = need.ComputeAnew });
    }

    private async Task CancelAsync(CancellationToken cancellationToken)
    {
        ResyncState state = context.Progress.Resync!;
        if (state.KeepsLast)
            await ResyncBeginning.AbandonFormerAsync(context, cancellationToken);

        bool healthy = state.KeepsLast && state.Reason is FaultReasons.Requested or FaultReasons.ReplicaDamaged;
        context.Save(
            progress => progress with
            {
                Phase = healthy ? EnginePhase.Replicating : EnginePhase.ResyncRequired,
                End = healthy ? null : Ending.Resync(context, state.Reason, state.Message) with { ComputeAnew = state.ComputeAnew, OnlyTargets = state.OnlyTargets },
                Resync = null,
                ResyncCanceled = true,
            },
            progress => context.Store.BeginCopy(context.Id, progress));
        context.ShowResync(new ResyncFigures(Protocol.ResyncStage.Unspecified));
        context.Services.Logger.ResyncCanceled(context.DisplayName, context.Progress.Epoch, state.Reason);
    }
}
