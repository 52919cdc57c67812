using Microsoft.Extensions.Logging;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica.Logs;
using RecoveryOperator.Vault.Replica.Resync;
using RecoveryOperator.Vault.Replica.Rollback;

namespace RecoveryOperator.Vault.Replica;

/// <summary>
/// Applies the committed sets of one replica, in order, and makes a recovery point of each; answers a host that must resynchronize. Any number of appliers may
/// try; leases let one work. May be killed at any moment: whoever comes next repeats what was not finished. One call at a time.
/// </summary>
public sealed partial class ReplicaApplier(
    VaultAccount account, ProtectionVault vault, LeaseHolder holder, ReplicaApplierOptions options, ILogger<ReplicaApplier> logger)
{
    private readonly TimeProvider _timeProvider = account.TimeProvider;
    private readonly ReplicaStatePublisher _state = new(vault);
    private readonly DamagedChain _chain = new(vault);
    private readonly ChurnMeter _churn = new(options.Churn);
    private long? _prunedAt;
    private long? _succeededAt;
    private long? _askedAt;
    private long? _logsFailedAt;

    /// <summary>How far the replica was when this applier last saw it; null before.</summary>
    public AppliedDocument? LastSeen { get; private set; }

    /// <summary>Somebody else wrote <c>applied.json</c>: it is read again with the next look.</summary>
    public void Forget() => LastSeen = null;

    /// <summary>Whether there may be something to apply: one request, behind what this applier saw last. For a sealed replica the next epoch is looked for every 15 s.</summary>
    public async Task<bool> HasWorkAsync(CancellationToken cancellationToken)
    {
        AppliedDocument seen = LastSeen ??= await vault.ReadAppliedAsync(cancellationToken) ?? new AppliedDocument();
        if (seen.Rollback is not null || seen.Damage is { RolledBack: false } || (seen.ReplicaDamage is not null && !_state.IsTold(seen)))
            return true;
        if (IsLogUpkeepDue(seen))
            return true;
        if (seen.Sealed)
            return IsDue(ref _succeededAt) && await new EpochSuccession(vault).FindAsync(seen, cancellationToken) is not null;
        if (NextSequence(seen) is not { } sequence)
            return true;

        return await IsTakenAsync(ReplicaPosition.Of(seen).Epoch, sequence, cancellationToken);
    }

    /// <summary>The request of a host that waits for an answer, or null: one look every 15 s, behind what this applier saw last.</summary>
    public async Task<ResyncRequestDocument?> FindRequestAsync(CancellationToken cancellationToken)
    {
        if (LastSeen is not { Sealed: false, Rollback: null } seen || NextSequence(seen) is not { } sequence || !IsDue(ref _askedAt))
            return null;

        await _state.LoadAsync(cancellationToken);
        return await RequestAnswerer.FindAsync(vault, ReplicaPosition.Of(seen), sequence, _state.Told, cancellationToken);
    }

    /// <summary>Applies at most <paramref name="maxSets"/> sets.</summary>
    /// <exception cref="VaultException">The storage refused; call again later.</exception>
    public Task<ApplyResult> ApplyAsync(int maxSets, IProgress<ApplyProgress>? progress, CancellationToken cancellationToken) => RunAsync(
        async (record, leases, token) =>
        {
            ApplySession session = new(vault, leases, options, record, _churn, new LogUpkeep(vault, options, logger), progress);
            ReplicaRollback rollback = new(vault, leases, options, progress);
            ReplicaSteps steps = new(vault, leases, record, session, new RollbackSteps(vault, record, rollback, account.StorageNow), _chain, _state, logger);
            ApplyOutcome outcome = ApplyOutcome.More;
            while (outcome == ApplyOutcome.More && session.SetsApplied < maxSets)
            {
                outcome = await steps.StepAsync(token);
                await _state.PublishAsync(record.Value, leases, account.StorageNow(), token);
            }

            if (session.SetsApplied > 0 && outcome is ApplyOutcome.More or ApplyOutcome.UpToDate or ApplyOutcome.Sealed)
                await PruneAsync(session, token);
            if (outcome is ApplyOutcome.UpToDate or ApplyOutcome.Sealed or ApplyOutcome.Damaged && IsLogUpkeepDue(record.Value))
                await PruneLogsAsync(session, token);
            return (outcome, session.SetsApplied);
        },
        cancellationToken);

    /// <summary>
    /// Answers the newest request for checksums, when nothing is left to apply. Computing them anew reads the whole replica and takes hours for a large one: it gives way to
    /// a set or seal that arrives; <paramref name="cancellationToken"/> ends it for anything else that is more urgent.
    /// </summary>
    /// <exception cref="VaultException">The storage refused; call again later.</exception>
    public Task<ApplyResult> AnswerAsync(IProgress<ApplyProgress>? progress, CancellationToken cancellationToken) => RunAsync(
        async (record, leases, token) =>
        {
            AppliedDocument applied = record.Value;
            ReplicaPosition position = ReplicaPosition.Of(applied);
            if (applied is { Sealed: true } or { Rollback: not null } || NextSequence(applied) is not { } sequence
                || await IsTakenAsync(position.Epoch, sequence, token) || await new EpochSuccession(vault).FindOtherParentAsync(applied, token) is not null)
            {
                return (ApplyOutcome.More, 0);
            }

            if (await RequestAnswerer.FindAsync(vault, position, sequence, _state.Told, token) is not { } request)
                return (ApplyOutcome.UpToDate, 0);

            TableComputer computer = new(vault, leases, options, _timeProvider);
            RequestAnswerer answerer = new(vault, leases, record, _state, computer, progress);
            if (!await answerer.AnswerAsync(request, sequence, account.StorageNow(), token))
                return (ApplyOutcome.More, 0);

            LogAnswered(logger, vault.Id, position.Epoch, sequence, request.ComputeAnew);
            return (ApplyOutcome.UpToDate, 0);
        },
        cancellationToken);

    private async Task<ApplyResult> RunAsync(
        Func<AppliedRecord, LeaseSet, CancellationToken, Task<(ApplyOutcome Outcome, int Sets)>> work, CancellationToken cancellationToken)
    {
        await using LeaseSet leases = new(holder, options.LeaseDuration, _timeProvider, logger);
        using CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, leases.Lost);
        AppliedRecord record = new(vault, leases, account.StorageNow);
        (ApplyOutcome Outcome, int Sets) result;
        bool isClean = false;
        try
        {
            result = (ApplyOutcome.LeaseHeld, 0);
            if (await record.BeginAsync(linked.Token))
            {
                await LoadStateAsync(record.Value, leases, linked.Token);
                result = await work(record, leases, linked.Token);
                if (result.Outcome == ApplyOutcome.LeaseHeld)
                    LogDiskHeld(logger, vault.Id);
            }

            isClean = true;
        }
        catch (OperationCanceledException) when (leases.Lost.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            result = (ApplyOutcome.LeaseLost, 0);
        }
        catch (VaultException fault) when (fault.Fault == VaultFault.Conflict)
        {
            LogLeaseLost(logger, fault, vault.Id);
            result = (ApplyOutcome.LeaseLost, 0);
        }
        finally
        {
            if (!isClean)
                holder.BeginSession(); // A request of this try may still be on its way.
        }

        LastSeen = result.Outcome is ApplyOutcome.LeaseHeld or ApplyOutcome.LeaseLost ? null : record.Value;
        return new ApplyResult(result.Outcome, LastSeen, result.Sets);
    }

    /// <summary>What another applier wrote since is read; what a crash kept from being written is written.</summary>
    private async Task LoadStateAsync(AppliedDocument applied, LeaseSet leases, CancellationToken cancellationToken)
    {
        if (LastSeen is null || (LastSeen.AppliedAt, LastSeen.Epoch, LastSeen.Sequence) != (applied.AppliedAt, applied.Epoch, applied.Sequence))
            _state.Forget();

        await _state.LoadAsync(cancellationToken);
        await _state.PublishAsync(applied, leases, account.StorageNow(), cancellationToken);
    }

    /// <summary>The sequence that the next set takes; null when a damaged chain was not walked to its end yet.</summary>
    private long? NextSequence(AppliedDocument applied) => applied.Damage is null ? ReplicaPosition.Of(applied).Sequence + 1 : _chain.NextSequence(applied);

    private Task<bool> IsTakenAsync(long epoch, long sequence, CancellationToken cancellationToken) =>
        Host.SetReader.IsTakenAsync(vault.Log, epoch, sequence, cancellationToken);

    /// <summary>Also of a machine that gets no sets any more: told by what was seen last, without a request.</summary>
    private bool IsLogUpkeepDue(AppliedDocument applied) =>
        LogUpkeepPlan.DueAt(applied, options.KeepLogs) <= account.StorageNow()
        && !(_logsFailedAt is { } time && _timeProvider.GetElapsedTime(time) < options.LogUpkeepRest);

    /// <summary>What cannot be removed holds up nothing else.</summary>
    private async Task PruneLogsAsync(ApplySession session, CancellationToken cancellationToken)
    {
        try
        {
            await session.PruneLogsAsync(cancellationToken);
            _logsFailedAt = null;
        }
        catch (VaultException fault) when (fault.Fault != VaultFault.Conflict)
        {
            _logsFailedAt = _timeProvider.GetTimestamp();
            LogLogsLeft(logger, fault, vault.Id, options.LogUpkeepRest.TotalMinutes);
        }
    }

    private bool IsDue(ref long? last)
    {
        if (last is { } time && _timeProvider.GetElapsedTime(time) < options.RequestInterval)
            return false;

        last = _timeProvider.GetTimestamp();
        return true;
    }

    private async Task PruneAsync(ApplySession session, CancellationToken cancellationToken)
    {
        if (_prunedAt is { } last && _timeProvider.GetElapsedTime(last) < options.PruneInterval)
            return;

        await session.PruneAsync(cancellationToken);
        _prunedAt = _timeProvider.GetTimestamp();
    }
}
