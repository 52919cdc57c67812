using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace RecoveryOperator.Kubernetes.Metrics;

/// <summary>
/// What the controller runtime counts, on the meter <see cref="MeterName"/>. Labels are kinds, controllers and outcomes: never names
/// of objects.
/// </summary>
public sealed class KubernetesInstruments : IDisposable
{
    /// <summary>The meter to subscribe to.</summary>
    public const string MeterName = "RecoveryOperator.Kubernetes";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _lists;
    private readonly Counter<long> _watches;
    private readonly Counter<long> _adds;
    private readonly Counter<long> _retries;
    private readonly Histogram<double> _waitSeconds;
    private readonly Histogram<double> _workSeconds;
    private readonly Counter<long> _reconciles;
    private readonly Counter<long> _statusWrites;
    private readonly Counter<long> _events;
    private readonly ConcurrentDictionary<string, Func<int>> _depths = new();
    private readonly ConcurrentDictionary<string, Func<bool>> _kinds = new();

    /// <summary>Creates the meter and its instruments.</summary>
    public KubernetesInstruments()
    {
        _lists = _meter.CreateCounter<long>("kubernetes_informer_lists", description: "Full lists, by kind and outcome");
        _watches = _meter.CreateCounter<long>("kubernetes_informer_watches", description: "Watches ended, by kind and outcome");
        _adds = _meter.CreateCounter<long>("kubernetes_workqueue_adds", description: "Keys that became ready, by queue");
        _retries = _meter.CreateCounter<long>("kubernetes_workqueue_retries", description: "Keys put back with back-off, by queue");
        _waitSeconds = _meter.CreateHistogram<double>("kubernetes_workqueue_wait_seconds", "s", "Time from ready to taken, by queue");
        _workSeconds = _meter.CreateHistogram<double>("kubernetes_workqueue_work_seconds", "s", "Time from taken to done, by queue");
        _reconciles = _meter.CreateCounter<long>("kubernetes_reconciles", description: "Reconciles, by controller and outcome");
        _statusWrites = _meter.CreateCounter<long>("kubernetes_status_writes", description: "Status applies, by kind and outcome");
        _events = _meter.CreateCounter<long>("kubernetes_events", description: "Events, by outcome");
        _meter.CreateObservableGauge(
            "kubernetes_workqueue_depth",
            () => _depths.Select(d => new Measurement<int>(d.Value(), new KeyValuePair<string, object?>("queue", d.Key))),
            description: "Keys ready and not yet taken, by queue");
        _meter.CreateObservableGauge(
            "kubernetes_informer_synced",
            () => _kinds.Select(k => new Measurement<int>(k.Value() ? 1 : 0, new KeyValuePair<string, object?>("kind", k.Key))),
            description: "1 when the kind has been read from the API server, 0 when it has not or is not installed");
    }

    /// <summary>A full list ended.</summary>
    public void ListEnded(string kind, string outcome) => _lists.Add(1, new("kind", kind), new("outcome", outcome));

    /// <summary>A watch ended.</summary>
    public void WatchEnded(string kind, string outcome) => _watches.Add(1, new("kind", kind), new("outcome", outcome));

    /// <summary>A key became ready.</summary>
    public void KeyReady(string queue) => _adds.Add(1, new KeyValuePair<string, object?>("queue", queue));

    /// <summary>A key was put back with back-off.</summary>
    public void KeyRetried(string queue) => _retries.Add(1, new KeyValuePair<string, object?>("queue", queue));

    /// <summary>A key was taken after waiting.</summary>
    public void KeyTaken(string queue, TimeSpan waited) => _waitSeconds.Record(waited.TotalSeconds, new KeyValuePair<string, object?>("queue", queue));

    /// <summary>Work on a key ended.</summary>
    public void KeyDone(string queue, TimeSpan worked) => _workSeconds.Record(worked.TotalSeconds, new KeyValuePair<string, object?>("queue", queue));

    /// <summary>A reconcile ended.</summary>
    public void Reconciled(string controller, string outcome) => _reconciles.Add(1, new("controller", controller), new("outcome", outcome));

    /// <summary>A status was applied, found equal, or could not be applied.</summary>
    public void StatusWritten(string kind, string outcome) => _statusWrites.Add(1, new("kind", kind), new("outcome", outcome));

    /// <summary>An event was created, counted up, dropped or failed.</summary>
    public void EventPublished(string outcome) => _events.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>Shows the number of waiting keys of a queue.</summary>
    public void ObserveDepth(string queue, Func<int> depth) => _depths[queue] = depth;

    /// <summary>Shows whether a kind has been read.</summary>
    public void ObserveKind(string kind, Func<bool> isRead) => _kinds[kind] = isRead;

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
