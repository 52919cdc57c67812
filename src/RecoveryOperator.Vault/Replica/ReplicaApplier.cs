using Microsoft.Extensions.Logging;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// Applies the committed sets of one replica, in order, and makes a recovery point of each. Any number of appliers may try; leases let one work. May be
/// killed at any moment: whoever comes next repeats what was not finished. One call at a time.
/// </summary>
public sealed partial class ReplicaApplier(
    VaultAccount account, ProtectionVault vault, LeaseHolder holder, ReplicaApplierOptions options, ILogger<ReplicaApplier> logger)
{
    private readonly TimeProvider _timeProvider = account.TimeProvider;
    private long? _prunedAt;

    /// <summary>How far the replica was when this applier last saw it; null before.</summary>
    public AppliedDocument? LastSeen { get; private set; }

    /// <summary>Whether there may be something to apply: one request, behind what this applier saw last. Never true for a sealed or damaged replica.</summary>
    public async Task<bool> HasWorkAsync(CancellationToken cancellationToken)
    {
        LastSeen ??= await vault.ReadAppliedAsync(cancellationToken) ?? new AppliedDocument();
        return !LastSeen.Sealed && LastSeen.Damage is null
            && await vault.ReadSetAsync(EpochOf(LastSeen), LastSeen.Sequence + 1, cancellationToken) is not null;
    }

    /// <summary>Applies at most <paramref name="maxSets"/> sets.</summary>
    /// <exception cref="VaultException">The storage refused; call again later.</exception>
    public async Task<ApplyResult> ApplyAsync(int maxSets, IProgress<ApplyProgress>? progress, CancellationToken cancellationToken)
    {
        await using LeaseSet leases = new(holder, options.LeaseDuration, _timeProvider, logger);
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, leases.Lost);
        ApplySession session = new(vault, leases, options, progress, account.StorageNow);
        int applied = 0;
        ApplyOutcome outcome;
        try
        {
            outcome = await session.BeginAsync(linked.Token) ? ApplyOutcome.More : ApplyOutcome.LeaseHeld;
            for (; outcome == ApplyOutcome.More && applied < maxSets; applied += outcome == ApplyOutcome.More ? 1 : 0)
                outcome = await StepAsync(session, linked.Token);
            if (applied > 0 && outcome is ApplyOutcome.More or ApplyOutcome.UpToDate or ApplyOutcome.Sealed)
                await PruneAsync(session, linked.Token);
        }
        catch (OperationCanceledException) when (leases.Lost.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            outcome = ApplyOutcome.LeaseLost;
        }
        catch (VaultException fault) when (fault.Fault == VaultFault.Conflict)
        {
            LogLeaseLost(logger, fault, vault.Id);
            outcome = ApplyOutcome.LeaseLost;
        }

        LastSeen = outcome is ApplyOutcome.LeaseHeld or ApplyOutcome.LeaseLost ? null : session.Applied;
        return new ApplyResult(outcome, LastSeen, applied);
    }

    private static long EpochOf(AppliedDocument applied) => Math.Max(applied.Epoch, 1);

    private async Task<ApplyOutcome> StepAsync(ApplySession session, CancellationToken cancellationToken)
    {
        AppliedDocument applied = session.Applied;
        if (applied.Damage is not null)
            return ApplyOutcome.Damaged;
        if (applied.Sealed)
            return ApplyOutcome.Sealed;

        long epoch = EpochOf(applied);
        long sequence = applied.Sequence + 1;
        try
        {
            StoredSet? set = await vault.ReadSetAsync(epoch, sequence, cancellationToken);
            if (set is null)
                return ApplyOutcome.UpToDate;
            if (SetCheck.FindFault(set, vault.Id, epoch, applied) is { } fault)
                throw new SetDamageException(VaultNames.Set(epoch, sequence), fault);

            return await ApplyAsync(session, set, cancellationToken);
        }
        catch (SetDamageException damage)
        {
            return await RecordAsync(session, epoch, sequence, damage.Blob, damage, cancellationToken);
        }
        catch (VaultException unreadable) when (unreadable.Fault == VaultFault.Damaged)
        {
            return await RecordAsync(session, epoch, sequence, unreadable.Target, unreadable, cancellationToken);
        }
    }

    private async Task<ApplyOutcome> ApplyAsync(ApplySession session, StoredSet set, CancellationToken cancellationToken)
    {
        if (set.Manifest.Kind == SetKind.Seal)
        {
            await session.SealAsync(set, cancellationToken);
            LogSealed(logger, vault.Id, set.Manifest.Epoch, set.Manifest.Sequence);
            return ApplyOutcome.Sealed;
        }

        if (!await session.ApplyAsync(set, cancellationToken))
            return ApplyOutcome.LeaseHeld;

        LogApplied(logger, vault.Id, set.Manifest.Epoch, set.Manifest.Sequence);
        await SweepAsync(set, cancellationToken);
        return ApplyOutcome.More;
    }

    /// <summary>A set without segments is of a machine that did not change, so no earlier try of it can have shipped any: it costs no listing.</summary>
    private async Task SweepAsync(StoredSet set, CancellationToken cancellationToken)
    {
        if (set.Manifest.Disks.All(disk => disk.Base.Count + disk.Segments.Count == 0))
            return;

        try
        {
            if (await new LogSweeper(vault).SweepAsync(set, cancellationToken) is var removed and > 0)
                LogSwept(logger, vault.Id, set.Manifest.Epoch, set.Manifest.Sequence, removed);
        }
        catch (VaultException fault)
        {
            LogNotSwept(logger, fault, vault.Id, set.Manifest.Epoch, set.Manifest.Sequence);
        }
    }

    private async Task<ApplyOutcome> RecordAsync(
        ApplySession session, long epoch, long sequence, string blob, Exception damage, CancellationToken cancellationToken)
    {
        LogDamaged(logger, damage, vault.Id, epoch, sequence, blob);
        await session.RecordDamageAsync(epoch, sequence, blob, damage.Message, cancellationToken);
        return ApplyOutcome.Damaged;
    }

    private async Task PruneAsync(ApplySession session, CancellationToken cancellationToken)
    {
        if (_prunedAt is { } last && _timeProvider.GetElapsedTime(last) < options.PruneInterval)
            return;

        await session.PruneAsync(cancellationToken);
        _prunedAt = _timeProvider.GetTimestamp();
    }
}
