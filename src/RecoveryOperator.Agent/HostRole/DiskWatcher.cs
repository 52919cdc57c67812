using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Agent.HostRole;

/// <summary>Wakes the protection of a machine whose disks changed, so that it is noticed now and not at its next due time.</summary>
internal sealed partial class DiskWatcher(IHypervisor hypervisor, ProtectionEngine engine, ILogger<DiskWatcher> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (string machine in hypervisor.WatchDisksAsync(stoppingToken))
            {
                if (engine.LookAt(machine))
                    LogWoken(machine);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopping();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The protection of machine {Machine} looks at its disks now: they changed")]
    private partial void LogWoken(string machine);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Disks are not watched any more: the agent stops")]
    private partial void LogStopping();
}
