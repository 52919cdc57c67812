using Prometheus;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Kubernetes.Informers;

namespace RecoveryOperator.Operator.Metrics;

/// <summary>
/// The newest operation of each plan, as its status has it when it is scraped: an operator that was restarted shows the same, and a failure is shown until the plan's
/// next operation.
/// </summary>
internal sealed class PlanMetrics
{
    private readonly IObjectReader<RecoveryPlan> _plans;
    private readonly TimeProvider _timeProvider;
    private readonly Gauge _duration, _tested;

    public PlanMetrics(IObjectReader<RecoveryPlan> plans, TimeProvider timeProvider, CollectorRegistry collectors)
    {
        (_plans, _timeProvider) = (plans, timeProvider);
        _duration = Prometheus.Metrics.WithCustomRegistry(collectors).CreateGauge(
            "recovery_operation_duration_seconds",
            "How long the newest operation of a plan took, or has taken so far, in seconds.",
            "namespace", "plan", "type", "state");
        _tested = Prometheus.Metrics.WithCustomRegistry(collectors).CreateGauge(
            "recovery_test_failover_last_success_timestamp_seconds",
            "When the newest test failover of a plan that succeeded was cleaned up, in seconds since 1970; absent while there is none.",
            "namespace", "plan");
        collectors.AddBeforeCollectCallback(Collect);
    }

    private void Collect()
    {
        var plans = _plans.List();
        Show(_duration, plans.Select(Describe));
        Show(_tested, plans.Select(LastTest));
    }

    private static void Show(Gauge gauge, IEnumerable<(string[] Labels, double Seconds)?> values)
    {
        var shown = values.OfType<(string[] Labels, double Seconds)>().ToList();
        var names = shown.Select(one => string.Join('/', one.Labels)).ToHashSet();
        foreach (var gone in gauge.GetAllLabelValues().Where(labels => !names.Contains(string.Join('/', labels))).ToList())
            gauge.RemoveLabelled(gone);
        foreach (var (labels, seconds) in shown)
            gauge.WithLabels(labels).Set(seconds);
    }

    private static (string[] Labels, double Seconds)? LastTest(RecoveryPlan plan) => plan.Status?.LastSuccessfulTest?.FinishedAt is { } at
        ? ([plan.Metadata.NamespaceProperty, plan.Metadata.Name], at.ToUnixTimeSeconds())
        : null;

    private (string[] Labels, double Seconds)? Describe(RecoveryPlan plan) => plan.Status?.CurrentOperation is { StartedAt: { } started } operation
        ? ([plan.Metadata.NamespaceProperty, plan.Metadata.Name, operation.Type.ToString(), operation.State.ToString()],
            ((operation.FinishedAt ?? _timeProvider.GetUtcNow()) - started).TotalSeconds)
        : null;
}
