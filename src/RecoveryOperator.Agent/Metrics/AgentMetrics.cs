using Prometheus;

namespace RecoveryOperator.Agent.Metrics;

/// <summary>The agent's figures, by protected VM.</summary>
public sealed class AgentMetrics
{
    private static readonly string[] Labels = ["namespace", "name"];

    private readonly Counter _shipped;
    private readonly Counter _changed;
    private readonly Counter _read;
    private readonly Gauge _pending;
    private readonly Gauge _utilization;
    private readonly Histogram _duration;

    /// <param name="registry">Where they are registered.</param>
    public AgentMetrics(CollectorRegistry registry)
    {
        MetricFactory factory = Prometheus.Metrics.WithCustomRegistry(registry);
        _shipped = factory.CreateCounter("recovery_shipped_bytes_total", "Bytes of change logs created in the vault.", Labels);
        _changed = factory.CreateCounter("recovery_changed_bytes_total", "Bytes that changed on the disks of committed sets.", Labels);
        _read = factory.CreateCounter("recovery_read_bytes_total", "Bytes of disk content read.", Labels);
        _pending = factory.CreateGauge("recovery_pending_bytes", "Bytes cut and not yet in the vault.", Labels);
        _utilization = factory.CreateGauge("recovery_log_utilization_ratio", "Bytes of cuts that wait for the vault over those at which cutting stops.", Labels);
        _duration = factory.CreateHistogram(
            "recovery_cycle_duration_seconds", "Duration of successful cycles.", Labels, new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.125, 2, 14) });
    }

    /// <summary>The figures of one protected VM.</summary>
    /// <param name="displayName"><c>namespace/name</c>.</param>
    public ProtectionMetrics For(string displayName)
    {
        int slash = displayName.IndexOf('/', StringComparison.Ordinal);
        string[] labels = slash < 0 ? ["", displayName] : [displayName[..slash], displayName[(slash + 1)..]];
        return new ProtectionMetrics(
            _shipped.WithLabels(labels), _changed.WithLabels(labels), _read.WithLabels(labels), _pending.WithLabels(labels), _utilization.WithLabels(labels), _duration.WithLabels(labels), () => Remove(labels));
    }

    private void Remove(string[] labels)
    {
        _shipped.RemoveLabelled(labels);
        _changed.RemoveLabelled(labels);
        _read.RemoveLabelled(labels);
        _pending.RemoveLabelled(labels);
        _utilization.RemoveLabelled(labels);
        _duration.RemoveLabelled(labels);
    }
}

/// <summary>The figures of one protected VM.</summary>
public sealed class ProtectionMetrics(
    Counter.Child shipped, Counter.Child changed, Counter.Child read, Gauge.Child pending, Gauge.Child utilization, Histogram.Child duration, Action remove)
{
    /// <summary>A segment is in the vault.</summary>
    public void Shipped(long lengthBytes) => shipped.Inc(lengthBytes);

    /// <summary>A set with these changes was committed.</summary>
    public void Changed(long changedBytes) => changed.Inc(changedBytes);

    /// <summary>Disk content was read.</summary>
    public void Read(long readBytes) => read.Inc(readBytes);

    /// <summary>Bytes that wait.</summary>
    public void Pending(long pendingBytes) => pending.Set(pendingBytes);

    /// <summary>Bytes that wait over those at which cutting stops.</summary>
    public void LogUtilization(double ratio) => utilization.Set(ratio);

    /// <summary>A cycle went well.</summary>
    public void CycleSucceeded(TimeSpan elapsed) => duration.Observe(elapsed.TotalSeconds);

    /// <summary>The VM is not protected any more.</summary>
    public void Remove() => remove();
}
