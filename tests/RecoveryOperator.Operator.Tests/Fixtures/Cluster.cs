using k8s;
using k8s.Models;
using RecoveryOperator.Kubernetes.Clients;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Storage;

[assembly: AssemblyFixture(typeof(Cluster))]

namespace RecoveryOperator.Operator.Tests.Fixtures;

/// <summary>
/// A real API server with the repository's CRDs and a real blob service, one for all tests; each test has a namespace of its own.
/// RECOVERY_TEST_KUBECONFIG names another API server to use.
/// </summary>
public sealed class Cluster : IAsyncLifetime
{
    private readonly ApiServer _server = new();
    private Azurite? _azurite;

    public string KubeconfigPath { get; private set; } = "";

    public ResourceClient Client { get; private set; } = null!;

    internal Azurite Azurite => _azurite!;

    public async ValueTask InitializeAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        KubeconfigPath = Environment.GetEnvironmentVariable("RECOVERY_TEST_KUBECONFIG") ?? "";
        if (KubeconfigPath.Length == 0)
        {
            await _server.StartAsync(cancellationToken);
            KubeconfigPath = _server.KubeconfigPath;
        }

        Client = new(KubernetesApiFactory.Create(KubeconfigPath), TimeProvider.System);
        foreach (var path in Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "crds"), "*.yaml"))
            await EnsureAsync(KubernetesYaml.Deserialize<V1CustomResourceDefinition>(await File.ReadAllTextAsync(path, cancellationToken)), cancellationToken);
        _azurite = await Azurite.StartAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_azurite is not null)
            await _azurite.DisposeAsync();
        await _server.DisposeAsync();
    }

    private async Task EnsureAsync(V1CustomResourceDefinition definition, CancellationToken cancellationToken)
    {
        var key = new NamespacedName("", definition.Metadata.Name);
        if (await Client.GetAsync<V1CustomResourceDefinition>(key, cancellationToken) is null)
            await Client.CreateAsync(definition, cancellationToken);
        await Eventually.HoldsAsync(
            async () => (await Client.GetAsync<V1CustomResourceDefinition>(key, cancellationToken))?.Status?.Conditions?.Any(c => c is { Type: "Established", Status: "True" }) == true,
            cancellationToken);
    }
}
