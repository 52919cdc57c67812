using RecoveryOperator.DataPath;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>Scrubs replicas whose time has come, one after the other. What another agent did meanwhile is seen before each one.</summary>
internal sealed partial class ScrubWorker(ReplicaDirectory replicas, VaultRoleOptions options, TimeProvider time, ILogger<ScrubWorker> logger) : BackgroundService
{
    private static readonly TimeSpan _restAfterFailure = TimeSpan.FromMinutes(10);

    /// <summary>A replica is asked again after this at the latest: damage may have been found, or it may have been scrubbed elsewhere.</summary>
    private static readonly TimeSpan _longestRest = TimeSpan.FromHours(1);

    private readonly Dictionary<ProtectionId, DateTimeOffset> _nextLooks = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Scrub is null)
            return;
        try
        {
            while (true)
            {
                foreach (KnownReplica replica in replicas.All)
                    await LookAsync(replica, stoppingToken);
                await Task.Delay(options.ScrubLookInterval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopping();
        }
    }

    private async Task LookAsync(KnownReplica replica, CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() < _nextLooks.GetValueOrDefault(replica.Id))
            return;
        try
        {
            DateTimeOffset? due = await replica.Verifications.DueAsync(cancellationToken);
            if (due <= time.GetUtcNow())
            {
                await replica.Verifications.ScrubAsync(cancellationToken);
                due = await replica.Verifications.DueAsync(cancellationToken);
            }

            _nextLooks[replica.Id] = Next(due);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(fault, replica.Id, _restAfterFailure.TotalMinutes);
            _nextLooks[replica.Id] = time.GetUtcNow() + _restAfterFailure;
        }
    }

    /// <summary>A replica without a point is looked at again soon: its first one may come any moment. So is one that is due and held by another agent.</summary>
    private DateTimeOffset Next(DateTimeOffset? due)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset soonest = now + (options.ScrubLookInterval * 10);
        DateTimeOffset latest = now + _longestRest;
        DateTimeOffset next = due is null || due < soonest ? soonest : due.Value;
        return next < latest ? next : latest;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The scrub of {ProtectedVm} could not go on; next try in {Minutes} min, from where it was")]
    private partial void LogFailed(Exception fault, ProtectionId protectedVm, double minutes);

    [LoggerMessage(Level = LogLevel.Information, Message = "The scrub stops; it goes on where it was with the next start")]
    private partial void LogStopping();
}
