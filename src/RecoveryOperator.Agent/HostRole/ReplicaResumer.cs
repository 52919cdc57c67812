using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Agent.HostRole;

/// <summary>
/// Lets recovered machines go on that stopped because their vault was away. A guest that stopped can do nothing about it, and the operator may be
/// away too.
/// </summary>
internal sealed partial class ReplicaResumer(IRecoveryTarget target, TimeProvider time, ILogger<ReplicaResumer> logger) : BackgroundService
{
    /// <summary>How often it looks.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private bool _failing;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, time);
        try
        {
            do
                await LookAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopping();
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (string machine in await target.ResumeStoppedReplicasAsync(cancellationToken))
                LogResumed(machine);
            _failing = false;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            if (!_failing)
                LogFailed(fault);
            _failing = true;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The recovered machine {Machine} had stopped because its disks could not be read or written; it goes on")]
    private partial void LogResumed(string machine);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether recovered machines have stopped cannot be seen; it is tried again every few seconds")]
    private partial void LogFailed(Exception fault);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Recovered machines are not looked after any more: the agent stops")]
    private partial void LogStopping();
}
