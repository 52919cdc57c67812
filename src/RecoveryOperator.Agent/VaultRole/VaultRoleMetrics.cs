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
    private readonly Gauge _verified;
    private readonly Gauge _badBlocks;
    private readonly Gauge _storage;
    private readonly Counter _scrubbed;
    private readonly Counter _mismatched;

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
        _verified = factory.CreateGauge(
            "recovery_replica_verified_timestamp_seconds", "When a point of the replica was last read in full and found whole, Unix time; absent before.", _labels);
        _badBlocks = factory.CreateGauge("recovery_replica_bad_blocks", "Blocks of the replica that are known not to be what the source read.", _labels);
        _storage = factory.CreateGauge(
            "recovery_storage_bytes", "Storage used: replica (allocated pages), snapshots (at most), logs (of applied sets).", [.. _labels, "kind"]);
        _scrubbed = factory.CreateCounter("recovery_scrubbed_bytes_total", "Bytes of replicas read and compared by this agent.", _labels);
        _mismatched = factory.CreateCounter("recovery_scrub_bad_blocks_total", "Blocks found by this agent that are not what the source read.", _labels);
    }

    /// <summary>Binds the metrics of one protection.</summary>
    public ReplicaMetrics Bind(string vmNamespace, string name)
    {
        string[] labels = [vmNamespace, name];
        return new ReplicaMetrics(
            _points.WithLabels(labels), _latest.WithLabels(labels), _logBytes.WithLabels(labels), _bytes.WithLabels(labels), _duration.WithLabels(labels),
            new VerificationMetrics(() => _verified.WithLabels(labels), _badBlocks.WithLabels(labels), _scrubbed.WithLabels(labels), _mismatched.WithLabels(labels)),
            new StorageMetrics(kind => _storage.WithLabels([.. labels, kind])));
    }
}

/// <summary>One protection's metrics.</summary>
internal sealed class ReplicaMetrics(
    Gauge.Child points, Gauge.Child latest, Counter.Child logBytes, Counter.Child bytes, Histogram.Child duration, VerificationMetrics verification, StorageMetrics storage)
{
    /// <summary>What is read and compared.</summary>
    public VerificationMetrics Verification => verification;

    /// <summary>Shows how far the replica is.</summary>
    public void Show(AppliedDocument applied)
    {
        points.Set(applied.PointCount);
        logBytes.IncTo(applied.ShippedBytesTotal);
        bytes.IncTo(applied.AppliedBytesTotal);
        verification.Show(applied);
        storage.Show(applied);
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
        verification.Remove();
        storage.Remove();
    }
}
