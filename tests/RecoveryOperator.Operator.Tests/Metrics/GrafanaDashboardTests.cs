using System.Text.Json;
using System.Text.RegularExpressions;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Operator.Tests.Metrics;

/// <summary>The dashboard that is shipped asks for what the product exports, in words that Prometheus understands.</summary>
public sealed partial class GrafanaDashboardTests
{
    private static readonly string Dashboard = Path.Combine(RepositoryRoot.Path, "config", "grafana", "recovery-operator.json");

    private static IEnumerable<(string Panel, string Expression)> Queries
    {
        get
        {
            using var dashboard = JsonDocument.Parse(File.ReadAllText(Dashboard));
            return
            [
                .. from panel in dashboard.RootElement.GetProperty("panels").EnumerateArray()
                   where panel.TryGetProperty("targets", out _)
                   from target in panel.GetProperty("targets").EnumerateArray()
                   select (panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!),
            ];
        }
    }

    [Fact]
    public async Task Prometheus_understands_every_query()
    {
        var rules = Path.Combine(Path.GetTempPath(), $"dashboard-{Guid.NewGuid():N}.yaml");
        await File.WriteAllTextAsync(
            rules,
            "groups:\n- name: dashboard\n  rules:\n" + string.Concat(Queries.Select((query, index) =>
                $"  - record: dashboard:query:{index}\n    expr: |-\n      {query.Expression.Replace("$__rate_interval", "5m", StringComparison.Ordinal)}\n")),
            TestContext.Current.CancellationToken);
        try
        {
            Assert.Contains($"{Queries.Count()} rules found", await Promtool.RunAsync("check", "rules", "--lint=none", rules), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(rules);
        }
    }

    [Fact]
    public void Every_metric_that_it_asks_for_is_one_of_the_products()
    {
        var exported = Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "src"), "*Metrics.cs", SearchOption.AllDirectories)
            .SelectMany(file => ExportedPattern().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value))
            .ToHashSet();

        Assert.True(Queries.Count() >= 15, "the dashboard has lost its queries");
        Assert.All(Queries, query => Assert.All(
            AskedPattern().Matches(query.Expression).Select(match => match.Value.Replace("_bucket", "", StringComparison.Ordinal)),
            metric => Assert.True(exported.Contains(metric), $"the panel '{query.Panel}' asks for {metric}, which nothing exports")));
    }

    [Fact]
    public void Every_panel_says_what_it_shows()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Dashboard));
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().ToList();
        Assert.Equal(panels.Count, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.All(
            panels.Where(panel => panel.GetProperty("type").GetString() != "row"),
            panel => Assert.EndsWith(".", panel.GetProperty("description").GetString()!, StringComparison.Ordinal));
    }

    [GeneratedRegex("\"(recovery_[a-z_]+)\"")]
    private static partial Regex ExportedPattern();

    [GeneratedRegex(@"\brecovery_[a-z_]+\b(?=[{)\s\[]|$)")]
    private static partial Regex AskedPattern();
}
