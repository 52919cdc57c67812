using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Kubernetes.Informers;
using RecoveryOperator.Kubernetes.Tests.Servers;
using RecoveryOperator.Kubernetes.Tests.Widgets;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Kubernetes.Tests.Informers;

/// <summary>Starts informers of widgets over a client that can be disturbed, and keeps what they tell.</summary>
public abstract class InformerHarness(ITestApiServer server) : ClusterSuite(server)
{
    private readonly ConcurrentQueue<InformerEvent<Widget>> _events = new();

    protected InformerOptions Fast => new()
    {
        Query = new(Cluster.Namespace),
        BackoffInitial = TimeSpan.FromMilliseconds(20),
        BackoffMaximum = TimeSpan.FromMilliseconds(200),
        ResyncPeriod = TimeSpan.Zero,
    };

    protected async Task<Informer<Widget>> StartAsync(InformerOptions? options = null, TimeProvider? time = null)
    {
        var informer = NewInformer(options ?? Fast, time ?? TimeProvider.System);
        informer.Subscribe(_events.Enqueue);
        InBackground(informer.RunAsync);
        await informer.WaitForSyncAsync(Token);
        await Eventually.HoldsAsync(() => Cluster.Faults.Watches > 0, Token);
        return informer;
    }

    protected IEnumerable<string> Story(string name) => _events.Where(e => e.Key == Cluster.Key(name)).Select(e => e switch
    {
        { Before: null } => "added",
        { After: null } => "deleted",
        _ => ReferenceEquals(e.Before, e.After) ? "resynced" : "changed",
    });

    protected Informer<Widget> NewInformer(InformerOptions options, TimeProvider time) =>
        new(Cluster.DisturbedClient, options, time, Cluster.Instruments, Cluster.Logs.CreateLogger<Informer<Widget>>());
}
