using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Grpc.Net.Client;
using RecoveryOperator.Benchmarks.Measuring;

namespace RecoveryOperator.Benchmarks.World;

/// <summary>A recovery agent as a process of its own, in one of its roles, and a channel to it.</summary>
internal sealed class AgentProcess : IAsyncDisposable
{
    private readonly Daemon _daemon;
    private readonly int _processId;

    private AgentProcess(Daemon daemon, int processId, GrpcChannel channel, string logPath)
    {
        _daemon = daemon;
        _processId = processId;
        Channel = channel;
        LogPath = logPath;
    }

    public GrpcChannel Channel { get; }

    public string LogPath { get; }

    /// <summary>CPU time so far, in seconds, in steps of 10 ms.</summary>
    public double CpuSeconds => ProcessReading.CpuSeconds(_processId);

    /// <summary>Largest resident set so far, in MiB.</summary>
    public double PeakMemoryMiB => ProcessReading.PeakMemoryBytes(_processId) / 1048576.0;

    /// <summary>Starts one and waits until it is healthy.</summary>
    /// <param name="command">The program and its role, for example <c>recovery-agent host</c>.</param>
    /// <param name="folder">For its settings, state and log.</param>
    /// <param name="certificates">Its own, under the name <c>agent</c>, and the benchmark's.</param>
    /// <param name="settings">The role's own settings.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <param name="address">Address that it listens on, when it runs on another host than the benchmark.</param>
    public static async Task<AgentProcess> StartAsync(
        IReadOnlyList<string> command, string folder, Certificates certificates, JsonObject settings, CancellationToken cancellationToken, string address = "127.0.0.1")
    {
        Directory.CreateDirectory(folder);
        (int grpc, int health) = (FreePort(), FreePort());
        settings["Listen"] = new JsonObject { ["Grpc"] = $"{address}:{grpc}", ["Health"] = $"{address}:{health}" };
        settings["Tls"] = new JsonObject
        {
            ["Certificate"] = certificates.ServerCertificate,
            ["Key"] = certificates.ServerKey,
            ["CertificateAuthority"] = certificates.Authority,
        };
        settings["State"] = new JsonObject { ["Directory"] = Path.Combine(folder, "state") };
        string file = Path.Combine(folder, "settings.json");
        await File.WriteAllTextAsync(file, settings.ToJsonString(new JsonSerializerOptions { WriteIndented = true }), cancellationToken);
        string log = Path.Combine(folder, "agent.log");
        Daemon daemon = Daemon.Start([.. command, "--config", file], log);
        await WaitUntilHealthyAsync(daemon, address, health, log, cancellationToken);
        int processId = ProcessReading.Find(Path.GetFileName(command[^2]), file).Single();
        return new AgentProcess(daemon, processId, certificates.Connect($"https://{address}:{grpc}"), log);
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await _daemon.DisposeAsync();
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task WaitUntilHealthyAsync(Daemon daemon, string address, int port, string log, CancellationToken cancellationToken)
    {
        using HttpClient http = new();
        Stopwatch watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if ((await http.GetAsync(new Uri($"http://{address}:{port}/healthz"), cancellationToken)).IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not listening yet; a process that ended or hangs is told of below.
            }

            if (daemon.HasExited || watch.Elapsed > TimeSpan.FromSeconds(60))
                throw new InvalidOperationException($"An agent did not come up: {await File.ReadAllTextAsync(log, cancellationToken)}");
            await Task.Delay(50, cancellationToken);
        }
    }
}
