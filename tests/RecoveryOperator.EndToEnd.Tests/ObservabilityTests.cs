using RecoveryOperator.EndToEnd.Tests.World;

namespace RecoveryOperator.EndToEnd.Tests;

/// <summary>What a real Prometheus makes of the product: figures, and alerts when parts fall silent.</summary>
[Collection(ProductWorld.Collection)]
public sealed class ObservabilityTests
{
    private static readonly string[] Names =
    [
        "recovery_rpo_seconds", "recovery_rpo_objective_seconds", "recovery_replication_health", "recovery_pending_bytes", "recovery_log_utilization_ratio", "recovery_shipped_bytes_total",
        "recovery_changed_bytes_total", "recovery_cycle_duration_seconds_count", "recovery_resync_required", "recovery_agent_connected", "recovery_points", "recovery_replica_bad_blocks",
    ];

    [Fact]
    public Task Prometheus_reads_every_part_and_tells_when_one_falls_silent() => ProductWorld.RunAsync("images", async world =>
    {
        var jobs = new Dictionary<string, Uri>
        {
            ["operator"] = world.MetricsOf("OPERATOR"),
            ["host-a"] = world.MetricsOf("HOST_A"),
            ["host-b"] = world.MetricsOf("HOST_B"),
            ["vault-agent"] = world.MetricsOf("VAULT_AGENT"),
        };
        await using var prometheus = await PrometheusServer.StartAsync(Path.Combine(world.Folder, "prometheus"), jobs);
        await world.ProtectAsync();
        await world.MakePointAsync();

        await Until.HoldsAsync(30, "all parts are scraped", async () => (await prometheus.QueryAsync("up == 1")).Count == jobs.Count, world.CancellationToken);
        await Until.HoldsAsync(30, "the metrics of a protected machine are there", async () => Names.All((await prometheus.NamesAsync()).Contains), world.CancellationToken);
        await Until.HoldsAsync(
            30, "the machine is within its objective", async () => (await prometheus.QueryAsync("recovery:rpo_over_objective:ratio < 2")).Count == 1, world.CancellationToken);
        Assert.Equal(2, (await prometheus.QueryAsync("""recovery_agent_connected{kind="RecoveryHost"} == 1""")).Count);
        Assert.Empty(await prometheus.QueryAsync("ALERTS"));

        await world.KillAsync("host-b");
        await Until.HoldsAsync(90, "the agent's silence is seen", async () => await IsPendingAsync(prometheus, "RecoveryAgentDown"), world.CancellationToken);
        await world.KillAsync("operator");
        await Until.HoldsAsync(30, "the operator's silence is seen", async () => await IsPendingAsync(prometheus, "RecoveryMetricsAbsent"), world.CancellationToken);
    });

    private static async Task<bool> IsPendingAsync(PrometheusServer prometheus, string alert) =>
        (await prometheus.QueryAsync($$"""ALERTS{alertname="{{alert}}"}""")).Count == 1;
}
