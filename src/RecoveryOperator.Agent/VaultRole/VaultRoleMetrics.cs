using Prometheus;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>The vault role's metrics. A protection's children are bound once, and removed with it.</summary>
internal sealed class VaultRoleMetrics
{
    private static readonly string[] _labels = ["namespace", "name"];

    private readonly Gauge _points;
    private readonly Gauge _latest;
    private readonly Counter _logBytes;
    private readonly Counter _bytes;
    private readonly Histogram _duration;

    /// <param name="registry">Where they are registered.</param>
    public VaultRoleMetrics(CollectorRegistry registry)
    {
        MetricFactory factory = Prometheus.Metrics.WithCustomRegistry(registry);
        _points = factory.CreateGauge("recovery_points", "Recovery points of the replica.", _labels);
        _latest = factory.CreateGauge("recovery_latest_point_timestamp_seconds", "Instant of the newest recovery point, Unix time.", _labels);
        _logBytes = factory.CreateCounter("recovery_applied_log_bytes_total", "Bytes of change logs applied, as shipped.", _labels);
        _bytes = factory.CreateCounter("recovery_applied_bytes_total", "Bytes written to replica disks.", _labels);
        _duration = factory.CreateHistogram(
            "recovery_apply_duration_seconds", "Time to apply what was committed since the last look.", _labels,
            new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.05, 3, 10) });
    }

    /// <summary>Binds the metrics of one protection.</summary>
    public ReplicaMetrics Bind(string vmNamespace, string name)
    {
        string[] labels = [vmNamespace, name];
        return new ReplicaMetrics(
            _points.WithLabels(labels), _latest.WithLabels(labels), _logBytes.WithLabels(labels), _bytes.WithLabels(labels), _duration.WithLabels(labels));
    }
}

/// <summary>One protection's metrics.</summary>
internal sealed class ReplicaMetrics(Gauge.Child points, Gauge.Child latest, Counter.Child logBytes, Counter.Child bytes, Histogram.Child duration)
{
    /// <summary>Shows how far the replica is.</summary>
    public void Show(AppliedDocument applied)
    {
        points.Set(applied.PointCount);
        logBytes.IncTo(applied.ShippedBytesTotal);
        bytes.IncTo(applied.AppliedBytesTotal);
        if (applied.LatestPoint is { } point)
            latest.SetToTimeUtc(point.Instant.UtcDateTime);
    }

    /// <summary>Takes in how long an application took.</summary>
    public void Took(TimeSpan time) => duration.Observe(time.TotalSeconds);

    /// <summary>The protection is gone.</summary>
    public void Remove()
    {
        points.Remove();
        latest.Remove();
        logBytes.Remove();
        bytes.Remove();
        duration.Remove();
    }
}
