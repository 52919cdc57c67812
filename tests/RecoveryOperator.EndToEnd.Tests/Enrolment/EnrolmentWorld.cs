using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using RecoveryOperator.EndToEnd.Tests.World;
using RecoveryOperator.Testing;

namespace RecoveryOperator.EndToEnd.Tests.Enrolment;

/// <summary>A real API server, the operator as a process with the chart's rights and nothing more, and agents as processes that have no certificate to begin with.</summary>
internal sealed class EnrolmentWorld : IAsyncDisposable
{
    private const string System = "recovery-system";
    private readonly ApiServer _server = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("recovery-operator-enrolment-").FullName;
    private readonly List<RunningProgram> _programs = [];
    private readonly int _enrolment = FreePort();
    private readonly int _renewal = FreePort();
    private readonly int _metrics = FreePort();
    private RunningProgram? _operator;

    public Kubectl Cluster { get; private set; } = null!;

    /// <summary>All that any program of this world printed.</summary>
    public string Logs => string.Join('\n', _programs.Select(program => program.Output));

    public static async Task<EnrolmentWorld> UpAsync(CancellationToken cancellationToken)
    {
        var world = new EnrolmentWorld();
        await world._server.StartAsync(cancellationToken);
        world.Cluster = new(world._server.KubeconfigPath, cancellationToken);
        await world.Cluster.RunAsync("apply", "--validate=false", "-f", Path.Combine(RepositoryRoot.Path, "crds"));
        await world.Cluster.RunAsync("create", "namespace", System);
        await world.Cluster.RunAsync("create", "namespace", Kubectl.Namespace);
        var rights = await Shell.RunAsync(
            Path.Combine(Shell.Cache, "bin", "helm"),
            [
                "template", "recovery-operator", Path.Combine(RepositoryRoot.Path, "charts", "recovery-operator"), "--namespace", System, "--show-only", "templates/rbac.yaml",
                "--set", $"clusterName=e2e,watchNamespace={Kubectl.Namespace},enrolment.enabled=true,enrolment.endpoint=https://o:1,enrolment.renewalEndpoint=https://o:2",
            ],
            cancellationToken);
        await world.ApplyAsync("rights", rights);
        await Shell.RunAsync(
            ProductWorld.Script("run/apiserver.sh"),
            ["sa-kubeconfig", Path.GetDirectoryName(world._server.KubeconfigPath)!, System, "recovery-operator", world.FileOf("operator.kubeconfig")],
            cancellationToken);
        world.StartOperator();
        return world;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>A token with one value replaced.</summary>
    public static string Changed(string token, string name, string value)
    {
        var content = JsonNode.Parse(Base64Url.DecodeFromChars(token.AsSpan("rot1.".Length)))!;
        content[name] = value;
        return "rot1." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(content.ToJsonString()));
    }

    /// <summary>A value of a token.</summary>
    public static string ValueOf(string token, string name) => JsonNode.Parse(Base64Url.DecodeFromChars(token.AsSpan("rot1.".Length)))![name]!.GetValue<string>();

    public string FileOf(string name) => Path.Combine(_folder, name);

    public async Task ApplyAsync(string name, string manifest)
    {
        await File.WriteAllTextAsync(FileOf(name + ".yaml"), manifest);
        await Shell.RunAsync(
            Path.Combine(Shell.Cache, "bin", "kubectl"), ["--kubeconfig", Cluster.Kubeconfig, "apply", "--validate=false", "-f", FileOf(name + ".yaml")], TestContext.Current.CancellationToken);
    }

    public Task AddHostAsync(string name, int port) => ApplyAsync(name, $$"""
        apiVersion: recoveryoperator.io/v1alpha1
        kind: RecoverySite
        metadata: { name: site, namespace: {{Kubectl.Namespace}} }
        spec: { type: Images }
        ---
        apiVersion: recoveryoperator.io/v1alpha1
        kind: RecoveryHost
        metadata: { name: {{name}}, namespace: {{Kubectl.Namespace}} }
        spec: { siteRef: { name: site }, address: "https://127.0.0.1:{{port}}", enrolment: {} }
        """);

    public async Task<string> TokenAsync(string host, CancellationToken cancellationToken)
    {
        var token = "";
        await Until.HoldsAsync(
            60,
            $"there is a token for {host}",
            async () => (token = Encoding.UTF8.GetString(Convert.FromBase64String(await Cluster.GetAsync($"secret/{host}-enrolment", "{.data.token}")))).Length > 0,
            cancellationToken);
        return token;
    }

    public async Task<ShellResult> EnrollAsync(string folder, string token, CancellationToken cancellationToken)
    {
        var file = FileOf(Guid.NewGuid().ToString("N"));
        await File.WriteAllTextAsync(file, token, cancellationToken);
        return await Shell.TryAsync(
            RunningProgram.PathOf("Agent", "recovery-agent"), ["enroll", "--token-file", file, "--State:Directory", FileOf(folder)], null, cancellationToken);
    }

    public RunningProgram StartAgent(string name, int port, string token, params string[] more)
    {
        Directory.CreateDirectory(FileOf(name + "-machines"));
        File.WriteAllText(FileOf(name + ".token"), token);
        return Keep(RunningProgram.Start(
            RunningProgram.PathOf("Agent", "recovery-agent"),
            [
                "host", "--Listen:Grpc", $"127.0.0.1:{port}", "--Listen:Health", "127.0.0.1:0", "--State:Directory", FileOf(name), "--Enrolment:TokenFile", FileOf(name + ".token"),
                "--Spool:ReservedFreeBytes", "0", "--Hypervisor:Driver", "Images", "--Hypervisor:Images:Root", FileOf(name + "-machines"), .. more,
            ]));
    }

    public async Task RestartOperatorAsync()
    {
        await _operator!.DisposeAsync();
        StartOperator();
    }

    public Task ConnectedAsync(string host, string status, CancellationToken cancellationToken) => Until.HoldsAsync(
        90, $"Connected of {host} is {status}", async () => (await Cluster.ConditionsAsync($"rhost/{host}")).Contains($"Connected={status} ", StringComparison.Ordinal), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var program in _programs)
            await program.DisposeAsync();
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private void StartOperator() => _operator = Keep(RunningProgram.Start(
        RunningProgram.PathOf("Operator", "recovery-operator"),
        "--Operator:ClusterName=e2e",
        $"--Operator:Namespace={Kubectl.Namespace}",
        $"--Operator:KubeconfigPath={FileOf("operator.kubeconfig")}",
        $"--Operator:ListenAddress=http://127.0.0.1:{_metrics}",
        $"--Operator:LeaderElection:Namespace={System}",
        "--Operator:LeaderElection:Enabled=false",
        "--Operator:AgentSilenceGrace=00:00:01",
        "--Operator:RetryInterval=00:00:01",
        "--Operator:ReleaseTimeout=00:00:05",
        $"--Operator:Trust:EnrolmentEndpoint=https://127.0.0.1:{_enrolment}",
        $"--Operator:Trust:RenewalEndpoint=https://127.0.0.1:{_renewal}",
        $"--Operator:Trust:EnrolmentListen=127.0.0.1:{_enrolment}",
        $"--Operator:Trust:RenewalListen=127.0.0.1:{_renewal}",
        "--Operator:Trust:CertificateLifetime=01:00:00"));

    private RunningProgram Keep(RunningProgram program)
    {
        _programs.Add(program);
        return program;
    }
}
