using System.Diagnostics.CodeAnalysis;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.DataPath;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>One replica: applied by one caller at a time; after an error it rests, longer each time, unless somebody hurries it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle is never asked for holds nothing, and callers may still wait for this one when it is retired.")]
internal sealed partial class ReplicaWork(
    ProtectionVault vault, ReplicaApplier applier, ReplicaDisplay display, TimeProvider time, ILogger logger)
{
    /// <summary>Sets between two prunings of a replica that is far behind.</summary>
    private const int SetsAtOnce = 32;

    private static readonly TimeSpan _longestRest = TimeSpan.FromMinutes(5);

    /// <summary>A key that is given back is noticed within this time; looking for it is cheap.</summary>
    private static readonly TimeSpan _longestRestWithoutKey = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _lock = new();
    private CancellationTokenSource? _answering;
    private TimeSpan _rest = TimeSpan.FromSeconds(2.5);
    private DateTimeOffset _restUntil;
    private bool _retired;

    /// <summary>The protection.</summary>
    public ProtectionId Id => vault.Id;

    /// <summary>What is shown of it.</summary>
    public ReplicaDisplay Display => display;

    /// <summary>Applies what is committed, if there is something and the replica does not rest. Errors are recorded, not thrown.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() < _restUntil || !await _turn.WaitAsync(TimeSpan.Zero, cancellationToken))
            return;

        try
        {
            if (!_retired)
                await LookAsync(cancellationToken);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            Rest(fault);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Answers a host that waits for checksums. Computing them can take hours: it needs one of the slots for that, and gives way as soon as somebody wants something to be
    /// applied. Errors are recorded, not thrown.
    /// </summary>
    public async Task AnswerAsync(SemaphoreSlim computing, CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() < _restUntil || !await _turn.WaitAsync(TimeSpan.Zero, cancellationToken))
            return;

        using CancellationTokenSource yielding = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            lock (_lock)
                _answering = yielding;
            if (!_retired && await applier.FindRequestAsync(yielding.Token) is { } request)
                await AnswerAsync(request, computing, yielding.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LogGaveWay(logger, Id);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            Rest(fault);
        }
        finally
        {
            lock (_lock)
                _answering = null;
            _turn.Release();
        }
    }

    /// <summary>Applies what is committed now. Errors are recorded and thrown.</summary>
    public async Task<ApplyResult> ApplyNowAsync(IProgress<ApplyProgress>? progress, CancellationToken cancellationToken)
    {
        StopAnswering();
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return _retired ? throw Gone() : await ApplyAsync(progress, cancellationToken);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            Rest(fault);
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Does something that needs the replica's leases while nothing is applied; what it wrote is read again. Null when the protection is gone.</summary>
    public async Task<T?> WithTurnAsync<T>(Func<Task<T>> action, CancellationToken cancellationToken)
        where T : struct
    {
        StopAnswering();
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_retired)
                return null;
            T result = await action();
            applier.Forget();
            return result;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>How far the replica is, as the vault says: another agent may work on it.</summary>
    public async Task<AppliedDocument> ReadAppliedAsync(CancellationToken cancellationToken) =>
        await vault.ReadAppliedAsync(cancellationToken) ?? new AppliedDocument();

    /// <summary>
    /// The protection is gone from the vault: nothing is applied through this any more. False while something is being applied: a successor would hold the
    /// same leases, so there must not be one before that has ended.
    /// </summary>
    public bool TryRetire()
    {
        StopAnswering();
        if (!_turn.Wait(TimeSpan.Zero))
            return false;

        _retired = true;
        display.Remove();
        _turn.Release();
        return true;
    }

    private VaultException Gone() => new(
        VaultFault.NotFound, Id.ToString(), $"The replica {Id} was deleted from the vault.", "Ask again if it was created anew.");

    private async Task AnswerAsync(ResyncRequestDocument request, SemaphoreSlim computing, CancellationToken cancellationToken)
    {
        if (request.ComputeAnew && !await computing.WaitAsync(TimeSpan.Zero, cancellationToken))
            return; // As many as may be are computing: asked again with a later round.

        try
        {
            ApplyResult result = await applier.AnswerAsync(new ProgressSplitter(null, display.Report), cancellationToken);
            if (result.Applied is { } applied)
                display.Show(applied);
        }
        finally
        {
            if (request.ComputeAnew)
                computing.Release();
            display.ShowIdle();
        }
    }

    private void StopAnswering()
    {
        lock (_lock)
            _answering?.Cancel();
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        await display.BindAsync(vault, cancellationToken);
        bool hasWork = await applier.HasWorkAsync(cancellationToken);
        if (hasWork)
            await ApplyAsync(null, cancellationToken);
        else if (applier.LastSeen is { } seen)
            display.Show(seen);
    }

    private async Task<ApplyResult> ApplyAsync(IProgress<ApplyProgress>? progress, CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        ProgressSplitter splitter = new(progress, display.Report);
        ApplyResult result;
        do
        {
            result = await applier.ApplyAsync(SetsAtOnce, splitter, cancellationToken);
            if (result.Applied is { } applied)
                display.Show(applied);
        }
        while (result.Outcome == ApplyOutcome.More);

        display.Metrics?.Took(time.GetElapsedTime(started));
        _rest = TimeSpan.FromSeconds(2.5);
        display.ShowIdle();
        return result;
    }

    private void Rest(Exception fault)
    {
        TimeSpan longest = fault is VaultException { Fault: VaultFault.KeyMissing } ? _longestRestWithoutKey : _longestRest;
        _rest = _rest * 2 < longest ? _rest * 2 : longest;
        _restUntil = time.GetUtcNow() + _rest;
        LogFailed(logger, fault, Id, _rest.TotalSeconds);
        display.ShowFault(FaultTable.Classify(fault));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The replica of {ProtectedVm} could not be brought forward; next try in {Seconds} s")]
    private static partial void LogFailed(ILogger logger, Exception fault, ProtectionId protectedVm, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "{ProtectedVm}: computing checksums gives way; it begins again when nothing else is left to do")]
    private static partial void LogGaveWay(ILogger logger, ProtectionId protectedVm);

    /// <summary>Tells two listeners, in the caller's thread: order matters, which <see cref="Progress{T}"/> does not keep.</summary>
    private sealed class ProgressSplitter(IProgress<ApplyProgress>? first, Action<ApplyProgress> second) : IProgress<ApplyProgress>
    {
        public void Report(ApplyProgress value)
        {
            first?.Report(value);
            second(value);
        }
    }
}
