using RecoveryOperator.Agent.Faults;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.Checksums;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Agent.Engine.Steps.Resync;

/// <summary>Asks the vault agent, through the vault, for what the replica holds (docs/resync.md, R3).</summary>
internal sealed class ResyncAnswers(ProtectionContext context)
{
    private ResyncState State => context.Progress.Resync!;

    private long Sequence => (context.Progress.Last?.Sequence ?? 0) + 1;

    /// <summary>Asks, and looks for the answer.</summary>
    /// <returns>True when it is there.</returns>
    public async Task<bool> EnsureAsync(CancellationToken cancellationToken)
    {
        if (State.Answer is not null)
            return true;

        ResyncAsk ask = await AskAsync(cancellationToken);
        ReplicaStateDocument? state = await context.Log.ReadReplicaStateAsync(cancellationToken);
        if (state?.Answer is { } answer && state.Epoch == context.Progress.Epoch && answer.Sequence == Sequence && answer.Attempt == ask.Attempt)
        {
            Take(state, answer);
            return true;
        }

        await LookForSealAsync(cancellationToken);
        return false;
    }

    /// <summary>What the replica holds of a disk.</summary>
    public IKnownChecksums KnownOf(int disk)
    {
        if (State.Answer!.Tables.FirstOrDefault(table => table.Index == disk) is not { } table)
            return KnownChecksumWindow.Empty;

        IChecksumTableReader reader = context.Log.OpenChecksumTable(table);
        return new KnownChecksumWindow(
            reader.BlockCount * BlockChecksum.LengthBytes,
            (offsetBytes, buffer, token) => reader.ReadAsync(offsetBytes / BlockChecksum.LengthBytes, buffer, token));
    }

    private async Task<ResyncAsk> AskAsync(CancellationToken cancellationToken)
    {
        if (State.Ask is not { } ask)
        {
            ask = new ResyncAsk(0, Guid.NewGuid(), context.Services.Time.GetUtcNow(), Created: false);
            Save(State with { Ask = ask });
        }

        if (ask.Created)
            return ask;

        ResyncRequestDocument standing = await context.Log.CreateResyncRequestAsync(
            new ResyncRequestDocument
            {
                ProtectionId = context.Id,
                Epoch = context.Progress.Epoch,
                Sequence = Sequence,
                Request = ask.Request,
                Attempt = ask.Attempt,
                ComputeAnew = State.ComputeAnew,
                Reason = State.Reason,
                AskedAt = ask.AskedAt,
            },
            cancellationToken);
        ask = ask with { Request = standing.Request, Created = true };
        Save(State with { Ask = ask });
        context.Services.Logger.ResyncAsked(context.DisplayName, context.Progress.Epoch, Sequence, ask.Request);
        return ask;
    }

    private void Take(ReplicaStateDocument state, ResyncAnswer answer)
    {
        if (answer.Problem is { } problem)
        {
            Save(State with { Ask = null });
            throw new FaultException(
                FaultCategory.Recoverable,
                FaultReasons.ResyncNotAnswered,
                $"replica of {context.DisplayName}",
                $"The vault agent cannot tell what the replica holds: {problem}",
                "It is asked again by itself. Look at the vault agent's log.");
        }

        ComparedPosition position = new(state.Epoch, state.Sequence, state.SetSha256, answer.Request, answer.Computed);
        Save(State with { Answer = new ResyncPosition(position, answer.Tables) });
    }

    /// <summary>A sealed epoch is never answered.</summary>
    private async Task LookForSealAsync(CancellationToken cancellationToken)
    {
        if (await context.Log.ReadSetAsync(context.Progress.Epoch, Sequence, cancellationToken) is not { } standing)
            return;
        if (standing.Manifest.Kind != SetKind.Seal)
            throw CommitStep.Conflict(context, Sequence);

        throw Ending.WriteAndMakeFault(context, EnginePhase.Fenced, Ending.Sealed(context, standing.Manifest.Sequence, standing.Manifest.SealedBy));
    }

    private void Save(ResyncState state) => context.Save(progress => progress with { Resync = state });
}
