using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using RecoveryOperator.Testing;

namespace RecoveryOperator.EndToEnd.Tests.World;

/// <summary>A real Prometheus that scrapes a world every second, with the alerts of the repository.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly HttpClient _client;

    private PrometheusServer(Process process, int port) => (_process, _client) = (process, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") });

    /// <summary>Starts it.</summary>
    /// <param name="folder">For its configuration, data and log.</param>
    /// <param name="targets">Address of each part's metrics, by job.</param>
    public static async Task<PrometheusServer> StartAsync(string folder, IReadOnlyDictionary<string, Uri> targets)
    {
        Directory.CreateDirectory(folder);
        var jobs = targets.Select(target => $"  - {{ job_name: {target.Key}, static_configs: [{{ targets: ['{target.Value.Authority}'] }}] }}\n");
        var configuration = Path.Combine(folder, "prometheus.yaml");
        await File.WriteAllTextAsync(configuration, $"""
            global: {"{ scrape_interval: 1s, evaluation_interval: 1s }"}
            rule_files: [{Path.Combine(RepositoryRoot.Path, "config", "prometheus", "rules.yaml")}]
            scrape_configs:
            {string.Concat(jobs)}
            """);
        var port = FreePort();
        var start = new ProcessStartInfo(
            "/bin/sh",
            ["-c", "exec prometheus --config.file=\"$0\" --storage.tsdb.path=\"$1\" --web.listen-address=127.0.0.1:$2 >\"$3\" 2>&1",
                configuration, Path.Combine(folder, "data"), port.ToString(CultureInfo.InvariantCulture), Path.Combine(folder, "prometheus.log")]);
        return new(Process.Start(start) ?? throw new InvalidOperationException("prometheus could not be started: run eng/setup/packages.sh monitoring."), port);
    }

    /// <summary>The value of each series that an expression gives now, by its labels as JSON.</summary>
    public async Task<IReadOnlyDictionary<string, double>> QueryAsync(string expression)
    {
        using var answer = JsonDocument.Parse(await _client.GetStringAsync($"api/v1/query?query={Uri.EscapeDataString(expression)}"));
        return answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().ToDictionary(
            series => series.GetProperty("metric").GetRawText(),
            series => double.Parse(series.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture));
    }

    /// <summary>Names of all metrics seen.</summary>
    public async Task<IReadOnlySet<string>> NamesAsync()
    {
        using var answer = JsonDocument.Parse(await _client.GetStringAsync("api/v1/label/__name__/values"));
        return answer.RootElement.GetProperty("data").EnumerateArray().Select(name => name.GetString()!).ToHashSet();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
