using System.Collections.Concurrent;
using System.Text;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Policies;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Api.Sites;
using RecoveryOperator.Api.Vaults;
using RecoveryOperator.Kubernetes.Clients;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Hosting;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Operator.Tests.Trust;
using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;

namespace RecoveryOperator.Operator.Tests.Fixtures;

/// <summary>One test's namespace with a site, a host with a fake agent, a vault, a policy, and the operator that watches it.</summary>
internal sealed class TestWorld : IAsyncDisposable
{
    private readonly Cluster _cluster;
    private IHost? _operator;

    private TestWorld(Cluster cluster, FakeHostAgent agent, TestCertificates certificates) =>
        (_cluster, Agent, Certificates, Replicas) = (cluster, agent, certificates, new(cluster.Azurite));

    public string Namespace { get; } = $"test-{Guid.NewGuid():N}"[..20];

    public FakeHostAgent Agent { get; }

    public TestCertificates Certificates { get; }

    public ReplicaWriter Replicas { get; }

    /// <summary>As whom the operator that is started next works; the administrator unless set.</summary>
    public string? OperatorKubeconfig { get; set; }

    /// <summary>Makes trouble between the API server and the operator that is started next, and counts its requests; none unless set.</summary>
    public FaultHandler? OperatorFaults { get; set; }

    /// <summary>All that the operator logged, of every level.</summary>
    public ConcurrentQueue<string> Logs { get; } = new();

    public ResourceClient Client => _cluster.Client;

    public static async Task<TestWorld> CreateAsync(Cluster cluster, CancellationToken cancellationToken, Action<TestWorld>? before = null)
    {
        var certificates = new TestCertificates();
        var world = new TestWorld(cluster, await FakeHostAgent.StartedAsync(certificates, cancellationToken), certificates);
        world.Agent.AddMachine("m-1", "web");
        before?.Invoke(world);
        await world.Client.CreateAsync(new V1Namespace { Metadata = new() { Name = world.Namespace } }, cancellationToken);
        var (certificate, key) = certificates.Client();
        await world.SecretAsync("agent-tls", cancellationToken, ("tls.crt", certificate), ("tls.key", key), ("ca.crt", certificates.AuthorityPem));
        await world.SecretAsync("vault-key", cancellationToken, ("key", cluster.Azurite.AccountKey));
        await world.CreateAsync(new RecoverySite { Spec = new() { Type = SiteType.Images } }, "site", cancellationToken);
        await world.CreateAsync(
            new RecoveryHost { Spec = new() { SiteRef = new() { Name = "site" }, Address = world.Agent.Address, Tls = new() { SecretRef = new() { Name = "agent-tls" } } } }, "host", cancellationToken);
        await world.VaultAsync("vault", cluster.Azurite.Endpoint.ToString(), "vault-key", cancellationToken);
        await world.CreateAsync(new ReplicationPolicy { Spec = new() { CopyFrequency = "30s" } }, "policy", cancellationToken);
        await world.StartOperatorAsync("cluster-1", cancellationToken);
        return world;
    }

    public Task VaultAsync(string name, string endpoint, string secret, CancellationToken cancellationToken) => CreateAsync(
        new RecoveryVault { Spec = new() { Endpoint = endpoint, Credentials = new() { AccountName = _cluster.Azurite.AccountName, AccountKeySecretRef = new() { Name = secret, Key = "key" } } } },
        name,
        cancellationToken);

    public Task SecretAsync(string name, CancellationToken cancellationToken, params (string Key, string Value)[] data) => CreateAsync(
        new V1Secret { Data = data.ToDictionary(d => d.Key, d => Encoding.UTF8.GetBytes(d.Value)) }, name, cancellationToken);

    public async Task<T> CreateAsync<T>(T entity, string name, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        entity.Metadata ??= new();
        (entity.Metadata.Name, entity.Metadata.NamespaceProperty) = (name, Namespace);
        return await Client.CreateAsync(entity, cancellationToken);
    }

    public Task<ProtectedVM> ProtectAsync(string name, CancellationToken cancellationToken, Func<ProtectedVMSpec, ProtectedVMSpec>? change = null)
    {
        var spec = new ProtectedVMSpec { SiteRef = new() { Name = "site" }, Vm = new() { Name = "web" }, PolicyRef = new() { Name = "policy" }, VaultRef = new() { Name = "vault" } };
        return CreateAsync(new ProtectedVM { Spec = change?.Invoke(spec) ?? spec }, name, cancellationToken);
    }

    public Task<ProtectedVM?> ReadAsync(string name, CancellationToken cancellationToken) => Client.GetAsync<ProtectedVM>(new(Namespace, name), cancellationToken);

    /// <summary>Waits until the protection's status is as wanted, and returns it; on time-out the message shows what it was.</summary>
    public async Task<ProtectedVMStatus> WaitAsync(string name, Func<ProtectedVMStatus, bool> wanted, CancellationToken cancellationToken)
    {
        ProtectedVMStatus? status = null;
        try
        {
            await Eventually.HoldsAsync(async () => (status = (await ReadAsync(name, cancellationToken))?.Status) is not null && wanted(status), cancellationToken);
        }
        catch (TimeoutException error)
        {
            var shown = status is null ? "no status" : $"{status.Phase} {status.Health} {string.Join("; ", status.Conditions.Select(c => $"{c.Type}={c.Status} {c.Reason}: {c.Message}"))}";
            throw new TimeoutException($"{name} is {shown}", error);
        }

        return status!;
    }

    public async Task<IReadOnlyList<Corev1Event>> EventsAsync(string name, CancellationToken cancellationToken) =>
        [.. (await Client.ListAsync<Corev1Event>(new(Namespace), 0, null, cancellationToken)).Items.Where(e => e.InvolvedObject.Name == name)];

    public async Task StartOperatorAsync(string clusterName, CancellationToken cancellationToken)
    {
        var builder = Host.CreateApplicationBuilder();
        if (OperatorFaults is { } faults)
            builder.Services.AddSingleton(KubernetesApiFactory.Create(_cluster.KubeconfigPath, null, faults));
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(LogLevel.Trace);
        builder.Logging.AddProvider(new CollectedLogs(Logs));
        builder.Services.AddOperator(new OperatorOptions
        {
            ClusterName = clusterName,
            Namespace = Namespace,
            KubeconfigPath = OperatorKubeconfig ?? _cluster.KubeconfigPath,
            LeaderElection = new() { Enabled = OperatorKubeconfig is not null, Namespace = Namespace },
            AgentSilenceGrace = TimeSpan.FromSeconds(1),
            InventoryInterval = TimeSpan.FromSeconds(2),
            RetryInterval = TimeSpan.FromSeconds(1),
            ReleaseTimeout = TimeSpan.FromSeconds(4),
        });
        _operator = builder.Build();
        await _operator.StartAsync(cancellationToken);
    }

    public async Task StopOperatorAsync()
    {
        if (_operator is null)
            return;
        await _operator.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)_operator).DisposeAsync();
        _operator = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopOperatorAsync();
        await Agent.DisposeAsync();
    }
}
