using System.Collections.Concurrent;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.DataPath;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>
/// Looks for work in rounds: lists the replicas, asks each for its next set (one request), applies where there is one. A slow replica never holds up the next
/// round of the others, an error on one never stops them.
/// </summary>
internal sealed partial class VaultWorker(VaultAccount account, ReplicaDirectory replicas, VaultRoleOptions options, ApplySlots slots, TimeProvider time, ILogger<VaultWorker> logger) : BackgroundService
{
    private readonly ConcurrentDictionary<ProtectionId, Task> _busy = new();
    private readonly SemaphoreSlim _computing = new(options.ParallelReplicas);

    private bool _isFit;

    /// <summary>Why the last round could not list the vault, or does not serve it at all; null when it could.</summary>
    public Fault? Fault { get; private set; }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _computing.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await RunRoundAsync(stoppingToken);
                await Task.Delay(options.RoundInterval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopping(_busy.Count);
        }

        await Task.WhenAll(_busy.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunRoundAsync(CancellationToken cancellationToken)
    {
        try
        {
            _isFit = _isFit || await IsFitAsync(cancellationToken);
            foreach (KnownReplica replica in await replicas.RefreshAsync(cancellationToken))
                Begin(replica.Work, cancellationToken);
            foreach (KeyValuePair<ProtectionId, Task> ended in _busy.Where(entry => entry.Value.IsCompleted))
                _busy.TryRemove(ended);

            Fault = null;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            Fault = FaultTable.Classify(fault);
            LogRoundFailed(fault);
        }
    }

    /// <summary>An account of another kind takes change logs or replicas, not both: it is told before half of the work is done.</summary>
    private async Task<bool> IsFitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await account.CheckAsync(cancellationToken);
        }
        catch (VaultException denied) when (denied.Fault == VaultFault.AccessDenied)
        {
            LogKindNotKnown(denied); // A credential may be good for the containers alone: listing them tells.
        }

        return true;
    }

    private void Begin(ReplicaWork work, CancellationToken cancellationToken)
    {
        if (_busy.TryGetValue(work.Id, out Task? last) && !last.IsCompleted)
            return;

        _busy[work.Id] = RunAsync(work, cancellationToken);
    }

    private async Task RunAsync(ReplicaWork work, CancellationToken cancellationToken)
    {
        using (await slots.TakeAsync(hurried: false, cancellationToken))
            await work.RunAsync(cancellationToken);

        // Without a slot: computing checksums takes hours and little memory.
        await work.AnswerAsync(_computing, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The replicas of the vault could not be listed; next try with the next round")]
    private partial void LogRoundFailed(Exception fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The kind of the storage account is not shown to this credential, and was not checked: it must be Standard general-purpose v2")]
    private partial void LogKindNotKnown(Exception denied);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stopping: {Count} replicas were looked at")]
    private partial void LogStopping(int count);
}
