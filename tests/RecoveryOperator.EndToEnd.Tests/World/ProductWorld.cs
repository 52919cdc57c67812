using System.Diagnostics;
using System.Globalization;
using RecoveryOperator.Testing;

namespace RecoveryOperator.EndToEnd.Tests.World;

/// <summary>
/// The whole product on this machine (eng/run/world.sh): blob service, API server, two hosts with agents, vault agent, operator, each a process. Driven by
/// kubectl like the product itself.
/// </summary>
internal sealed class ProductWorld
{
    /// <summary>Collection of all tests with a world: one after the other, since two would only slow each other down.</summary>
    public const string Collection = "a world at a time";

    private const int LogTailLines = 25;

    private readonly string _folder;
    private readonly Dictionary<string, string> _settings = [];

    private ProductWorld(string hypervisor, string folder, CancellationToken cancellationToken) =>
        (Hypervisor, _folder, CancellationToken, Cluster) = (hypervisor, folder, cancellationToken, new(Path.Combine(folder, "apiserver", "kubeconfig"), cancellationToken));

    /// <summary><c>images</c> or <c>libvirt</c>.</summary>
    public string Hypervisor { get; }

    /// <summary>Ends with the test.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>The way in for users.</summary>
    public Kubectl Cluster { get; }

    /// <summary>What is in the vault; there once the world is up.</summary>
    public VaultView Vault { get; private set; } = null!;

    /// <summary>Everything of this world.</summary>
    public string Folder => _folder;

    /// <summary>Brings a world up, runs the test in it, and takes it down whatever happens. A failure carries the ends of all logs.</summary>
    public static async Task RunAsync(string hypervisor, Func<ProductWorld, Task> test)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        if (hypervisor == "libvirt")
            await SkipWithoutLibvirtAsync(cancellationToken);
        var folder = Path.Combine("/var/tmp", $"recovery-operator-e2e-{Guid.NewGuid().ToString("N")[..8]}");
        var began = Stopwatch.GetTimestamp();
        var world = new ProductWorld(hypervisor, folder, cancellationToken);
        try
        {
            await world.UpAsync();
            await test(world);
        }
        catch (Exception fault)
        {
            throw new InvalidOperationException($"{fault.GetType().Name}: {fault.Message}\n{await world.DescribeAsync()}", fault);
        }
        finally
        {
            await Shell.RunAsync(Script("run/world.sh"), ["down", folder], CancellationToken.None);
            Directory.Delete(folder, recursive: true);
            TestContext.Current.TestOutputHelper?.WriteLine($"took {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s");
        }
    }

    /// <summary>Starts a part that does not run.</summary>
    public Task StartAsync(string part) => RunAsync("start", part);

    /// <summary>Ends a part in order.</summary>
    public Task StopAsync(string part) => RunAsync("stop", part);

    /// <summary>SIGKILL, and waits for the end.</summary>
    public Task KillAsync(string part) => RunAsync("kill", part);

    /// <summary>SIGKILL at this very moment.</summary>
    public void KillNow(string part)
    {
        var pid = File.ReadAllText(Path.Combine(_folder, "pids", $"{part}.pid")).Split(' ')[0];
        using var process = Process.GetProcessById(int.Parse(pid, CultureInfo.InvariantCulture));
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>An empty cluster, with nothing but the operator's installation and the namespace.</summary>
    public async Task WipeAsync()
    {
        await Shell.RunAsync(Script("run/world.sh"), ["wipe", _folder], CancellationToken);
        await Cluster.RunAsync("create", "namespace", Kubectl.Namespace);
    }

    /// <summary>Starts the guest, applies the manifests of the demo and waits until the machine is protected.</summary>
    public async Task ProtectAsync()
    {
        await Shell.RunAsync(Script("run/world.sh"), ["guest", _folder], CancellationToken);
        await ApplyAsync("01-sites");
        await ApplyAsync("02-protection");
        await Until.HoldsAsync(120, "web-1 is Protected", async () => await Cluster.PhaseAsync("pvm/web-1") == "Protected", CancellationToken);
    }

    /// <summary>Applies a manifest of eng/demo/manifests with this world's addresses.</summary>
    public async Task ApplyAsync(string name)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, "eng", "demo", "manifests", $"{name}.yaml.in"), CancellationToken);
        text = _settings.Aggregate(text, (manifest, setting) => manifest.Replace($"@{setting.Key}@", setting.Value, StringComparison.Ordinal))
            .Replace("@TYPE@", Hypervisor == "libvirt" ? "Libvirt" : "Images", StringComparison.Ordinal);
        await ApplyTextAsync(name, text);
    }

    /// <summary>Applies a manifest.</summary>
    public async Task ApplyTextAsync(string name, string manifest)
    {
        var file = Path.Combine(_folder, $"{name}.yaml");
        await File.WriteAllTextAsync(file, manifest, CancellationToken);
        await Cluster.RunAsync("apply", "-f", file);
    }

    /// <summary>Asks for a set now. The API server may have been restarted a moment ago.</summary>
    public Task SyncNowAsync() => Until.HoldsAsync(
        30,
        "a set can be asked for",
        async () =>
        {
            await Cluster.RunAsync("annotate", "pvm", "web-1", "--overwrite", $"recoveryoperator.io/sync-requested={Guid.NewGuid():N}");
            return true;
        },
        CancellationToken);

    /// <summary>Asks for a set and waits until one more is a recovery point.</summary>
    public async Task MakePointAsync(int seconds = 60)
    {
        var before = await Vault.AppliedSequenceAsync();
        await SyncNowAsync();
        await Until.HoldsAsync(seconds, $"a point behind {before}", async () => await Vault.AppliedSequenceAsync() > before, CancellationToken);
    }

    /// <summary>Power loss of host A: guest, hypervisor and agent are gone at once.</summary>
    public async Task LoseHostAAsync()
    {
        if (Hypervisor == "libvirt")
            await Shell.RunAsync(Script("run/libvirt-host.sh"), ["cut", "host-a", Path.Combine(_folder, "host-a")], CancellationToken);
        await KillAsync("host-a");
    }

    /// <summary>The guest's console on host <c>a</c> or <c>b</c>.</summary>
    public GuestConsole Console(string letter) => new(Hypervisor == "libvirt"
        ? Path.Combine(_folder, $"host-{letter}", "console", "web-1.log")
        : Path.Combine(_folder, $"host-{letter}", "images", "web-1", "console.log"));

    /// <summary>Where a part's metrics are: <c>OPERATOR</c>, <c>HOST_A</c>, <c>HOST_B</c> or <c>VAULT_AGENT</c>.</summary>
    public Uri MetricsOf(string part) => new(_settings[$"{part}_METRICS"]);

    /// <summary>A figure of host A's agent, summed over its labels.</summary>
    public async Task<double> MetricAsync(string name)
    {
        var text = Hypervisor == "libvirt"
            ? await OnHostAsync("a", "curl", "-fsS", _settings["HOST_A_METRICS"])
            : await Shell.RunAsync("curl", ["-fsS", _settings["HOST_A_METRICS"]], CancellationToken);
        return text.Split('\n').Where(line => line.StartsWith($"{name}{{", StringComparison.Ordinal) || line.StartsWith($"{name} ", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    /// <summary>A command on a libvirt host.</summary>
    public Task<string> OnHostAsync(string letter, params string[] command) =>
        Shell.RunAsync(Script("run/libvirt-host.sh"), ["exec", $"host-{letter}", Path.Combine(_folder, $"host-{letter}"), "--", .. command], CancellationToken);

    /// <summary>The log of a part.</summary>
    public string LogPath(string part) => Path.Combine(_folder, "logs", $"{part}.log");

    internal static string Script(string name) => Path.Combine(RepositoryRoot.Path, "eng", name);

    private static async Task SkipWithoutLibvirtAsync(CancellationToken cancellationToken)
    {
        var check = await Shell.TryAsync(Script("run/libvirt-host.sh"), ["check"], null, cancellationToken);
        Assert.SkipWhen(check.ExitCode != 0, $"libvirt cannot run here: {check.Error.Trim()}");
    }

    private async Task UpAsync()
    {
        await Shell.RunAsync(Script("run/world.sh"), ["up", _folder, Hypervisor], CancellationToken);
        foreach (var line in await File.ReadAllLinesAsync(Path.Combine(_folder, "env"), CancellationToken))
            _settings[line[..line.IndexOf('=', StringComparison.Ordinal)]] = line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..];
        Vault = new(_settings["VAULT_ENDPOINT"], _settings["VAULT_ACCOUNT"], _settings["VAULT_KEY"], CancellationToken);
        await Cluster.RunAsync("create", "namespace", Kubectl.Namespace);
    }

    /// <summary>A step of the world's script with variables of its own.</summary>
    public async Task RunWithAsync(IReadOnlyDictionary<string, string> environment, params string[] step)
    {
        var result = await Shell.TryAsync(Script("run/world.sh"), [step[0], _folder, .. step[1..]], environment, CancellationToken);
        if (result.ExitCode != 0)
            throw new InvalidOperationException($"world.sh {string.Join(' ', step)} ended with {result.ExitCode}: {result.Error.Trim()}");
    }

    private Task<string> RunAsync(string verb, string part) => Shell.RunAsync(Script("run/world.sh"), [verb, _folder, part], CancellationToken);

    private async Task<string> DescribeAsync()
    {
        var status = await Shell.TryAsync(
            Path.Combine(Shell.Cache, "bin", "kubectl"), ["--kubeconfig", Cluster.Kubeconfig, "-n", Kubectl.Namespace, "describe", "pvm,rplan"], null, CancellationToken.None);
        var logs = Directory.Exists(Path.Combine(_folder, "logs")) ? Directory.GetFiles(Path.Combine(_folder, "logs"), "*.log") : [];
        return string.Join('\n', logs.Select(log => $"---- {Path.GetFileName(log)}\n{string.Join('\n', File.ReadLines(log).TakeLast(LogTailLines))}").Prepend(status.Output));
    }
}
