using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Agent.HostRole;

/// <summary>
/// Lets recovered machines go on that stopped because their vault was away. A guest that stopped can do nothing about it, and the operator may be
/// away too.
/// </summary>
internal sealed partial class ReplicaResumer(IRecoveryTarget target, TimeProvider time, ILogger<ReplicaResumer> logger) : BackgroundService
{
    private IReadOnlyList<string> _resumed = [];
    private bool _failing;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        ResumePace pace = new();
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                await LookAsync(stoppingToken);
                await Task.Delay(pace.After(_resumed.Count > 0), time, stoppingToken);
            }
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
            IReadOnlyList<string> before = _resumed;
            _resumed = await target.ResumeStoppedReplicasAsync(cancellationToken);
            foreach (string machine in _resumed.Except(before))
                LogResumed(machine);
            _failing = false;
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            if (!_failing)
                LogFailed(fault);
            (_failing, _resumed) = (true, []);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The recovered machine {Machine} had stopped because its disks could not be read or written; it goes on")]
    private partial void LogResumed(string machine);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether recovered machines have stopped cannot be seen; it is tried again every few seconds")]
    private partial void LogFailed(Exception fault);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Recovered machines are not looked after any more: the agent stops")]
    private partial void LogStopping();
}
