using Microsoft.Extensions.Logging;
using RecoveryOperator.DataPath;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Replica.Logs;

/// <summary>What is due on the logs of a replica: those of applied sets go, and what no set names of epochs that have ended.</summary>
internal sealed partial class LogUpkeep(ProtectionVault vault, ReplicaApplierOptions options, ILogger logger)
{
    private const int MaxSets = 500;

    private readonly LogBlobs _blobs = new(vault, logger);

    /// <summary>Removes logs of sets whose time is over.</summary>
    /// <returns>The document that says so; the same one when nothing was due.</returns>
    public async Task<AppliedDocument> PruneAsync(AppliedDocument applied, DateTimeOffset now, CancellationToken cancellationToken)
    {
        AppliedDocument next = await new LogPruner(vault, _blobs).PruneAsync(Dated(applied, now), now - options.KeepLogs, MaxSets, cancellationToken);
        return next.PrunedLogBytesTotal == applied.PrunedLogBytesTotal || next.LogBytes is null ? next : next with { LogBytes = next.ShippedBytesTotal - next.PrunedLogBytesTotal };
    }

    /// <summary>Sweeps the next epoch that is due.</summary>
    /// <returns>The document that says so; null when none is due, or there is more of it for another time.</returns>
    public async Task<AppliedDocument?> SweepAsync(AppliedDocument applied, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (LogUpkeepPlan.NextSweep(applied, options.KeepLogs, now) is not { } ended)
            return null;

        EpochSweeper sweeper = new(vault, _blobs, options.SweptBlobsAtOnce);
        bool isDone = await sweeper.SweepAsync(ended.Epoch, cancellationToken);
        if (sweeper.Removed > 0)
            LogSwept(logger, vault.Id, ended.Epoch, sweeper.Removed);
        return isDone ? applied with { SealedEpochs = [.. applied.SealedEpochs.Select(epoch => epoch == ended ? ended with { SweptAt = now } : epoch)] } : null;
    }

    /// <summary>Ends that an earlier version recorded without their time count from now.</summary>
    private static AppliedDocument Dated(AppliedDocument applied, DateTimeOffset now) => applied.SealedEpochs.All(ended => ended.RecordedAt is not null)
        ? applied
        : applied with { SealedEpochs = [.. applied.SealedEpochs.Select(ended => ended with { RecordedAt = ended.RecordedAt ?? now })] };

    [LoggerMessage(Level = LogLevel.Information, Message = "{ProtectedVm}: {Count} blobs of epoch {Epoch}, which has ended, are removed: no set names them, or its time is over")]
    private static partial void LogSwept(ILogger logger, ProtectionId protectedVm, long epoch, int count);
}
