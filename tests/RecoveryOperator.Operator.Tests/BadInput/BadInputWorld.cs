using System.Text.Json.Nodes;
using RecoveryOperator.Api.NetworkMaps;
using RecoveryOperator.Api.Sites;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.BadInput;

/// <summary>One namespace with what the good manifests name, and the operator; each case has an object of its own in it.</summary>
public sealed class BadInputWorld(Cluster cluster) : IAsyncLifetime
{
    private TestWorld _world = null!;
    private int _count;

    internal Kubectl Kubectl { get; private set; } = null!;

    /// <summary>Whether the server runs CEL rules.</summary>
    public bool RunsRules { get; private set; }

    public async ValueTask InitializeAsync()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        _world = await TestWorld.CreateAsync(cluster, cancellationToken, Furnish);
        Kubectl = new(cluster.KubeconfigPath, _world.Namespace);
        await StandingAsync(cancellationToken);
        await _world.SecretAsync("short-key", cancellationToken, ("key", "c2hvcnQ="));
        await _world.SecretAsync("wrong-key", cancellationToken, ("key", Convert.ToBase64String(new byte[64])));
        var version = JsonNode.Parse(await Kubectl.RunAsync(cancellationToken, "get", "--raw", "/version"))!["minor"]!.ToString();
        RunsRules = int.Parse(version.TrimEnd('+'), System.Globalization.CultureInfo.InvariantCulture) >= 25;
    }

    public async ValueTask DisposeAsync()
    {
        if (_world is not null)
            await _world.DisposeAsync();
    }

    private static void Furnish(TestWorld world)
    {
        world.Agent.Description.Networks.AddRange(["lan", "dmz", "backup"]);
        world.Agent.Description.Machines.Single().Nics.Add(new NicInfo { Mac = "52:54:00:00:00:01", Network = "lan" });
        world.Agent.AddMachine("m-2", "db");
    }

    /// <summary>Objects that cases name, or stand in the way of.</summary>
    private async Task StandingAsync(CancellationToken cancellationToken)
    {
        await _world.CreateAsync(new RecoverySite { Spec = new() { Type = SiteType.Images } }, "site-b", cancellationToken);
        await _world.CreateAsync(new RecoverySite { Spec = new() { Type = SiteType.Images } }, "site-c", cancellationToken);
        await _world.CreateAsync(new RecoverySite { Spec = new() { Type = SiteType.Azure } }, "cloud", cancellationToken);
        await _world.CreateAsync(
            new NetworkMap
            {
                Spec = new() { SourceSiteRef = new() { Name = "site" }, TargetSiteRef = new() { Name = "site-c" }, Mappings = [new() { Source = "dmz", Target = new() { Network = "dmz-c" } }] },
            },
            "standing-map",
            cancellationToken);
        await _world.ProtectAsync("standing-vm", cancellationToken, spec => spec with { Vm = new() { Name = "db" } });
    }

    internal string NextName() => $"bad-{Interlocked.Increment(ref _count)}";

    internal Task<KubectlResult> ApplyAsync(string manifest, CancellationToken cancellationToken) => Kubectl.TryAsync(manifest, cancellationToken, "apply", "-f", "-");

    internal Task DeleteAsync(string kind, string name, CancellationToken cancellationToken) =>
        Kubectl.TryAsync(null, cancellationToken, "delete", kind, name, "--wait=false", "--ignore-not-found");

    /// <summary>A condition of an object as <c>status reason: message</c>, empty while it is not there.</summary>
    internal async Task<string> ConditionAsync(string kind, string name, string type, CancellationToken cancellationToken) =>
        (await Kubectl.TryAsync(null, cancellationToken, "get", kind, name, "-o", $"jsonpath={{range .status.conditions[?(@.type==\"{type}\")]}}{{.status}} {{.reason}}: {{.message}}{{end}}")).Text;
}
