using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Kubernetes.Clients;
using RecoveryOperator.Kubernetes.Metrics;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Kubernetes.Tests.Widgets;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;

namespace RecoveryOperator.Kubernetes.Tests.Servers;

/// <summary>One test's place on a server: a namespace of its own, a good client, and one that can be disturbed.</summary>
public sealed class Cluster : IDisposable
{
    private Cluster(ITestApiServer server, string @namespace)
    {
        Server = server;
        Namespace = @namespace;
        Api = server.Connect();
        DisturbedApi = server.Connect(Faults);
        Client = new(Api, TimeProvider.System);
        DisturbedClient = new(DisturbedApi, TimeProvider.System);
    }

    public ITestApiServer Server { get; }

    public string Namespace { get; }

    public KubernetesApi Api { get; }

    public KubernetesApi DisturbedApi { get; }

    public FaultHandler Faults { get; } = new();

    public ResourceClient Client { get; }

    public ResourceClient DisturbedClient { get; }

    public KubernetesInstruments Instruments { get; } = new();

    public ILoggerFactory Logs { get; } = LoggerFactory.Create(_ => { });

    public static async Task<Cluster> CreateAsync(ITestApiServer server, CancellationToken cancellationToken)
    {
        await server.StartAsync(cancellationToken);
        var cluster = new Cluster(server, $"test-{Guid.NewGuid():N}");
        await cluster.Client.CreateAsync(new V1Namespace { Metadata = new() { Name = cluster.Namespace } }, cancellationToken);
        await cluster.InstallWidgetsAsync(cancellationToken);
        return cluster;
    }

    public NamespacedName Key(string name) => new(Namespace, name);

    public Task<Widget> CreateWidgetAsync(string name, CancellationToken cancellationToken, int size = 1) =>
        Client.CreateAsync(Widget.Named(Namespace, name, size), cancellationToken);

    public Task<Widget> ResizeAsync(string name, int size, CancellationToken cancellationToken) =>
        Client.MergePatchAsync<Widget>(Key(name), $$$"""{"spec":{"size":{{{size}}}}}""", null, cancellationToken);

    public void Dispose()
    {
        Api.Dispose();
        DisturbedApi.Dispose();
        Faults.Dispose();
        Instruments.Dispose();
        Logs.Dispose();
    }

    private async Task InstallWidgetsAsync(CancellationToken cancellationToken)
    {
        if (Server is FakeApiServer)
            return;
        var definition = KubernetesYaml.Deserialize<V1CustomResourceDefinition>(
            await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Widgets", "widgets.yaml"), cancellationToken));
        try
        {
            await Client.CreateAsync(definition, cancellationToken);
        }
        catch (ResourceRequestException e) when (e.IsConflict)
        {
            // Another test class of this assembly was first.
        }

        await Eventually.HoldsAsync(ServedAsync, cancellationToken);

        async Task<bool> ServedAsync()
        {
            try
            {
                await Client.ListAsync<Widget>(new(Namespace), 1, null, cancellationToken);
                return true;
            }
            catch (ResourceRequestException e) when (e.IsNotFound || e.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable)
            {
                return false;
            }
        }
    }
}
