using Microsoft.Extensions.Hosting;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Kubernetes.Tests.Servers;

/// <summary>Tests that hold on the fake and on the real API server alike; derived once for each.</summary>
public abstract class ClusterSuite(ITestApiServer server) : IAsyncLifetime
{
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _background = [];
    private readonly List<Func<Task>> _stops = [];

    protected Cluster Cluster { get; private set; } = null!;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => Cluster = await Cluster.CreateAsync(server, Token);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_background);
        foreach (var stop in _stops)
            await stop();
        _end.Dispose();
        Cluster.Dispose();
        await DisposeServerAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends the server if it belongs to this test alone.</summary>
    protected virtual ValueTask DisposeServerAsync() => ValueTask.CompletedTask;

    /// <summary>Stops a service or host after the test.</summary>
    protected void StopAtTheEnd(IHostedService service) => _stops.Add(async () =>
    {
        await service.StopAsync(CancellationToken.None);
        (service as IDisposable)?.Dispose();
    });

    /// <summary>Stops a service or host after the test.</summary>
    protected void StopAtTheEnd(IHost host) => _stops.Add(async () =>
    {
        await host.StopAsync(CancellationToken.None);
        host.Dispose();
    });

    /// <summary>Runs until the test ends, and fails the test if it fails.</summary>
    protected void InBackground(Func<CancellationToken, Task> run) => _background.Add(Task.Run(() => run(_end.Token), CancellationToken.None));
}
