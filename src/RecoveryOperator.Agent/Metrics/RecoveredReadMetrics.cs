using Prometheus;
using RecoveryOperator.Hypervisors;

namespace RecoveryOperator.Agent.Metrics;

/// <summary>Whether what recovered machines read is what their sources read, by machine and disk; looked at when it is asked for.</summary>
public sealed class RecoveredReadMetrics : IHostedService
{
    private static readonly string[] Labels = ["machine", "disk"];

    private readonly CollectorRegistry _registry;
    private readonly IRecoveryTarget _target;
    private readonly Gauge _damaged;
    private readonly Gauge _compared;

    /// <param name="registry">Where they are registered.</param>
    /// <param name="target">The host.</param>
    public RecoveredReadMetrics(CollectorRegistry registry, IRecoveryTarget target)
    {
        ArgumentNullException.ThrowIfNull(registry);
        _registry = registry;
        _target = target;
        MetricFactory factory = Prometheus.Metrics.WithCustomRegistry(registry);
        _damaged = factory.CreateGauge(
            "recovery_recovered_disk_damaged_blocks", "Blocks of 64 KiB that a recovered machine was not given, because they are not what the source read.", Labels);
        _compared = factory.CreateGauge(
            "recovery_recovered_disk_compared", "1: all that a recovered machine has read was compared with the checksums of what the source read; 0: some or all of it was not.", Labels);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _registry.AddBeforeCollectCallback(Collect);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Collect()
    {
        IReadOnlyList<RecoveredDiskReads> disks = _target.RecoveredReads();
        foreach (string[] gone in _damaged.GetAllLabelValues().Where(labels => !disks.Any(disk => disk.MachineId == labels[0] && disk.Target == labels[1])).ToList())
        {
            _damaged.RemoveLabelled(gone);
            _compared.RemoveLabelled(gone);
        }

        foreach (RecoveredDiskReads disk in disks)
        {
            _damaged.WithLabels(disk.MachineId, disk.Target).Set(disk.DamagedBlocks);
            _compared.WithLabels(disk.MachineId, disk.Target).Set(disk.IsCompared ? 1 : 0);
        }
    }
}
