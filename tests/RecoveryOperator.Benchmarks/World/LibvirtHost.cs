using System.Text.Json.Nodes;
using RecoveryOperator.Benchmarks.Measuring;

namespace RecoveryOperator.Benchmarks.World;

/// <summary>A libvirt host of its own in namespaces of this machine, and test guests on it.</summary>
internal sealed class LibvirtHost : IAsyncDisposable
{
    private const string HostName = "bench-host";

    private readonly string _folder;
    private readonly Dictionary<string, string> _settings;

    private LibvirtHost(string folder, Dictionary<string, string> settings)
    {
        _folder = folder;
        _settings = settings;
    }

    public string Address => _settings["HOST_ADDRESS"];

    /// <summary>What goes before a command that is to run on the host.</summary>
    public IReadOnlyList<string> Entry => ["bash", Path.Combine(Scripts.Root, "eng/run/libvirt-host.sh"), "exec", HostName, _folder, "--"];

    /// <summary>CPU time of the host's libvirtd and virtlogd.</summary>
    public double LibvirtCpuSeconds() => Daemons("libvirtd").Concat(Daemons("virtlogd")).Sum(ProcessReading.CpuSeconds);

    /// <summary>CPU time of a guest's QEMU.</summary>
    public static double GuestCpuSeconds(string guest) =>
        ProcessReading.Find("qemu-system-x86_64", $"guest={guest},").Sum(ProcessReading.CpuSeconds);

    public static async Task<LibvirtHost> StartAsync(string folder, CancellationToken cancellationToken)
    {
        await Scripts.RunAsync("run/libvirt-host.sh", ["start", HostName, folder], cancellationToken);
        return new LibvirtHost(folder, Scripts.ReadSettings(Path.Combine(folder, "env")));
    }

    /// <summary>Makes and starts a test guest; it writes its heartbeat when this returns.</summary>
    public Task StartGuestAsync(string guest, IReadOnlyDictionary<string, string> image, CancellationToken cancellationToken) =>
        Scripts.RunAsync(image, "run/guest.sh", ["start", HostName, _folder, guest], cancellationToken);

    /// <summary>Stops a guest's processors: it writes nothing any more.</summary>
    public Task SuspendGuestAsync(string guest, CancellationToken cancellationToken) =>
        Scripts.RunAsync("run/libvirt-host.sh", ["exec", HostName, _folder, "--", "virsh", "-q", "-c", "qemu:///system", "suspend", guest], cancellationToken);

    /// <summary>Removes a guest and its disks.</summary>
    public Task RemoveGuestAsync(string guest, CancellationToken cancellationToken) =>
        Scripts.RunAsync("run/guest.sh", ["remove", HostName, _folder, guest], cancellationToken);

    /// <summary>Waits for a line on a machine's console.</summary>
    public async Task WaitForConsoleAsync(string machine, string beginning, TimeSpan patience, CancellationToken cancellationToken)
    {
        string path = Directory.EnumerateFiles(Path.Combine(_folder, "console"), $"{machine}*").Order(StringComparer.Ordinal).FirstOrDefault()
            ?? Path.Combine(_folder, "console", $"{machine}.log");
        for (TimeSpan waited = TimeSpan.Zero; ; waited += TimeSpan.FromMilliseconds(50))
        {
            path = File.Exists(path) ? path : Directory.EnumerateFiles(Path.Combine(_folder, "console"), $"{machine}*").FirstOrDefault(path);
            if (File.Exists(path) && (await ReadAsync(path, cancellationToken)).Any(line => line.StartsWith(beginning, StringComparison.Ordinal)))
                return;
            if (waited > patience)
                throw new InvalidOperationException($"'{beginning}' did not come on the console of {machine} within {patience} ('{path}').");
            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>Settings of a host agent on it.</summary>
    public JsonObject AgentSettings() => new()
    {
        ["Spool"] = new JsonObject { ["ReservedFreeBytes"] = 1 << 28 },
        ["Hypervisor"] = new JsonObject
        {
            ["Driver"] = "Libvirt",
            ["Libvirt"] = new JsonObject
            {
                ["ScratchDirectory"] = Path.Combine(_folder, "scratch"),
                ["StorageDirectory"] = Path.Combine(_folder, "storage"),
                ["ConsoleDirectory"] = Path.Combine(_folder, "console"),
                ["RuntimeDirectory"] = Path.Combine(_folder, "run"),
                ["ScratchReserveBytes"] = 1 << 28,
                ["ReplicaReserveBytes"] = 1 << 28,
            },
        },
    };

    public async ValueTask DisposeAsync() => await Scripts.RunAsync("run/libvirt-host.sh", ["stop", HostName, _folder], CancellationToken.None);

    private IEnumerable<int> Daemons(string program) =>
        ProcessReading.Children(int.Parse(_settings["HOST_INIT_PID"], System.Globalization.CultureInfo.InvariantCulture))
            .Where(id => Path.GetFileName(File.ReadAllText($"/proc/{id}/comm").Trim()) == program);

    private static async Task<IReadOnlyList<string>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        using StreamReader reader = new(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return (await reader.ReadToEndAsync(cancellationToken)).Split('\n');
    }
}
