using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.Sites;
using RecoveryOperator.Kubernetes.Resources;
using RecoveryOperator.Operator.Hosting;
using RecoveryOperator.Operator.Options;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Protocol.Trust;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Operator.Tests.Trust;

/// <summary>A namespace with a site, and the operator with its two ports, its authority in the same namespace, and everything that it logs.</summary>
internal sealed class EnrolmentBed : IAsyncDisposable
{
    public const string ClusterName = "cluster-1";
    private readonly Cluster _cluster;
    private IHost? _operator;

    private EnrolmentBed(Cluster cluster) => _cluster = cluster;

    public string Namespace { get; } = $"trust-{Guid.NewGuid():N}"[..20];

    public ResourceClient Client => _cluster.Client;

    public Uri Enrolment { get; } = new($"https://127.0.0.1:{FreePort()}");

    public Uri Renewal { get; } = new($"https://127.0.0.1:{FreePort()}");

    public TrustOptions Trust { get; set; } = new();

    public ConcurrentQueue<string> Logs { get; } = new();

    public static async Task<EnrolmentBed> CreateAsync(Cluster cluster, CancellationToken cancellationToken, Func<TrustOptions, TrustOptions>? change = null)
    {
        var bed = new EnrolmentBed(cluster);
        bed.Trust = (change ?? (t => t))(new()
        {
            EnrolmentEndpoint = bed.Enrolment.ToString(),
            RenewalEndpoint = bed.Renewal.ToString(),
            EnrolmentListen = bed.Enrolment.Authority,
            RenewalListen = bed.Renewal.Authority,
            Namespace = bed.Namespace,
        });
        await bed.Client.CreateAsync(new V1Namespace { Metadata = new() { Name = bed.Namespace } }, cancellationToken);
        await bed.Client.CreateAsync(new RecoverySite { Metadata = bed.Meta("site"), Spec = new() { Type = SiteType.Images } }, cancellationToken);
        await bed.StartAsync(cancellationToken);
        return bed;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public V1ObjectMeta Meta(string name) => new() { Name = name, NamespaceProperty = Namespace };

    public NamespacedName Key(string name) => new(Namespace, name);

    public T Service<T>()
        where T : notnull => (T)_operator!.Services.GetService(typeof(T))!;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(LogLevel.Trace);
        builder.Logging.AddProvider(new CollectedLogs(Logs));
        builder.Services.AddOperator(new OperatorOptions
        {
            ClusterName = ClusterName,
            Namespace = Namespace,
            KubeconfigPath = _cluster.KubeconfigPath,
            LeaderElection = new() { Enabled = false },
            AgentSilenceGrace = TimeSpan.FromSeconds(1),
            InventoryInterval = TimeSpan.FromSeconds(2),
            RetryInterval = TimeSpan.FromSeconds(1),
            ReleaseTimeout = TimeSpan.FromSeconds(4),
            Trust = Trust,
        });
        _operator = builder.Build();
        await _operator.StartAsync(cancellationToken);
    }

    public async Task StopAsync()
    {
        if (_operator is null)
            return;
        await _operator.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)_operator).DisposeAsync();
        _operator = null;
    }

    public Task<RecoveryHost> AddHostAsync(string name, string address, CancellationToken cancellationToken) => Client.CreateAsync(
        new RecoveryHost { Metadata = Meta(name), Spec = new() { SiteRef = new() { Name = "site" }, Address = address, Enrolment = new() } }, cancellationToken);

    /// <summary>The token of a host, as soon as there is one other than a former.</summary>
    public async Task<EnrolmentToken> TokenAsync(string host, CancellationToken cancellationToken, EnrolmentToken? former = null)
    {
        EnrolmentToken? token = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                var secret = await Client.GetAsync<V1Secret>(Key($"{host}-enrolment"), cancellationToken);
                token = secret is null ? null : EnrolmentToken.Decode(Encoding.UTF8.GetString(secret.Data["token"]));
                return token is not null && token.SecretSha256 != former?.SecretSha256;
            },
            cancellationToken,
            $"a token for {host}");
        return token!;
    }

    public async Task<V1Condition?> ConditionAsync(string host, string type, CancellationToken cancellationToken) =>
        (await Client.GetAsync<RecoveryHost>(Key(host), cancellationToken))?.Status?.Conditions.FirstOrDefault(c => c.Type == type);

    public Task ConditionAsync(string host, string type, string reason, CancellationToken cancellationToken) => Eventually.HoldsAsync(
        async () => (await ConditionAsync(host, type, cancellationToken))?.Reason == reason, cancellationToken, $"{type} of {host} is {reason}");

    public Task<bool> IsGoneAsync(string secret, CancellationToken cancellationToken) => GoneAsync(secret, cancellationToken);

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task<bool> GoneAsync(string secret, CancellationToken cancellationToken) => await Client.GetAsync<V1Secret>(Key(secret), cancellationToken) is null;
}
