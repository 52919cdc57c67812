using System.Text.RegularExpressions;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Operator.Tests.Metrics;

/// <summary>The alerts that are shipped: valid, each with a test that sees it fire and a section in the runbook.</summary>
public sealed partial class PrometheusRulesTests
{
    private static readonly string Folder = Path.Combine(RepositoryRoot.Path, "config", "prometheus");
    private static readonly string[] Wanted =
    [
        "RecoveryReplicationLagHigh", "RecoveryReplicationLagCritical", "RecoveryReplicationCritical", "RecoveryResyncRequired", "RecoveryLogNearLimit",
        "RecoveryAgentDown", "RecoveryOperationFailed", "RecoveryTestFailoverOverdue", "RecoveryMetricsAbsent",
    ];

    private static string Rules => File.ReadAllText(Path.Combine(Folder, "rules.yaml"));

    private static IEnumerable<string> Alerts => AlertPattern().Matches(Rules).Select(match => match.Groups[1].Value);

    [Fact]
    public async Task Prometheus_accepts_the_rules() => Assert.Contains("SUCCESS", await Promtool.RunAsync("check", "rules", Path.Combine(Folder, "rules.yaml")), StringComparison.Ordinal);

    [Fact]
    public async Task The_rules_pass_their_tests() => Assert.Contains("SUCCESS", await Promtool.RunAsync("test", "rules", Path.Combine(Folder, "rules.test.yaml")), StringComparison.Ordinal);

    [Fact]
    public void Every_alert_of_the_design_is_there() => Assert.Subset(Alerts.ToHashSet(), Wanted.ToHashSet());

    [Fact]
    public void Every_alert_is_seen_firing_in_a_test_and_has_a_section_in_the_runbook()
    {
        var tests = File.ReadAllText(Path.Combine(Folder, "rules.test.yaml"));
        var runbook = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "runbook.md"));
        var fired = FiredPattern().Matches(tests).Select(match => match.Groups[1].Value).ToHashSet();
        Assert.All(Alerts, alert =>
        {
            Assert.Contains(alert, fired);
            Assert.Contains($"\n## {alert}\n", runbook, StringComparison.Ordinal);
            Assert.Contains($"runbook: docs/runbook.md#{alert.ToLowerInvariant()}\n", Rules, StringComparison.Ordinal);
        });
    }

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex AlertPattern();

    [GeneratedRegex(@"- alertname: (\w+)\s+eval_time: \w+\s+exp_alerts:\s+- exp_labels")]
    private static partial Regex FiredPattern();
}
