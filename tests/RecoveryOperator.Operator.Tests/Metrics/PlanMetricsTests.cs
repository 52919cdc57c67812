using k8s.Models;
using Microsoft.Extensions.Time.Testing;
using Prometheus;
using RecoveryOperator.Api.Plans;
using RecoveryOperator.Operator.Metrics;
using RecoveryOperator.Operator.Tests.RecoveryPlans.Bed;

namespace RecoveryOperator.Operator.Tests.Metrics;

public sealed class PlanMetricsTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeReader<RecoveryPlan> _plans = new();
    private readonly CollectorRegistry _registry = Prometheus.Metrics.NewCustomRegistry();

    public PlanMetricsTests() => _ = new PlanMetrics(_plans, _time, _registry);

    [Fact]
    public async Task The_newest_operation_is_shown_with_its_state_and_its_time_so_far_or_in_all()
    {
        var began = _time.GetUtcNow();
        Show("shop", new PlanOperationStatus { Id = "dr-1", Type = PlanOperationType.UnplannedFailover, State = PlanOperationState.Running, StartedAt = began });
        Show("idle", null);
        _time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(["""recovery_operation_duration_seconds{namespace="apps",plan="shop",type="UnplannedFailover",state="Running"} 90"""], await ScrapeAsync());

        Show("shop", new PlanOperationStatus { Id = "dr-1", Type = PlanOperationType.UnplannedFailover, State = PlanOperationState.Failed, StartedAt = began, FinishedAt = began.AddSeconds(95) });
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(["""recovery_operation_duration_seconds{namespace="apps",plan="shop",type="UnplannedFailover",state="Failed"} 95"""], await ScrapeAsync());

        _plans.Items.Clear();
        Assert.Empty(await ScrapeAsync());
    }

    [Fact]
    public async Task A_test_failover_that_succeeded_is_shown_with_the_time_of_its_cleanup()
    {
        var at = _time.GetUtcNow();
        Show("shop", null, new PlanTestSuccess { Id = "drill-1", FinishedAt = at });
        Show("never", null);
        Assert.Equal(
            [$"recovery_test_failover_last_success_timestamp_seconds{{namespace=\"apps\",plan=\"shop\"}} {at.ToUnixTimeSeconds()}"],
            await ScrapeAsync("recovery_test_failover_last_success_timestamp_seconds"));

        _plans.Items.Clear();
        Assert.Empty(await ScrapeAsync("recovery_test_failover_last_success_timestamp_seconds"));
    }

    private void Show(string name, PlanOperationStatus? operation, PlanTestSuccess? test = null)
    {
        _plans.Items.RemoveAll(plan => plan.Metadata.Name == name);
        _plans.Items.Add(new RecoveryPlan
        {
            Metadata = new V1ObjectMeta { NamespaceProperty = "apps", Name = name },
            Spec = new RecoveryPlanSpec { Groups = [] },
            Status = new RecoveryPlanStatus { CurrentOperation = operation, LastSuccessfulTest = test },
        });
    }

    private async Task<string[]> ScrapeAsync(string metric = "recovery_operation_duration_seconds")
    {
        using MemoryStream text = new();
        await _registry.CollectAndExportAsTextAsync(text, TestContext.Current.CancellationToken);
        return [.. System.Text.Encoding.UTF8.GetString(text.ToArray()).Split('\n').Where(line => line.StartsWith($"{metric}{{", StringComparison.Ordinal))];
    }
}
