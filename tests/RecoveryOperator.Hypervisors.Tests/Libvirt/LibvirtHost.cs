using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Hypervisors.Libvirt;
using RecoveryOperator.Hypervisors.Tests.Conformance;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Hypervisors.Tests.Libvirt;

/// <summary>
/// A whole libvirt host in its own namespaces, shared by all tests of the collection. Machines have blank disks and idle in their BIOS; a test
/// writes through the guest's device, so that QEMU treats it as the guest's write. Skips where no libvirt host can be started.
/// </summary>
public sealed class LibvirtHost : IConformanceDriver, IAsyncLifetime
{
    public const string Collection = "libvirt host";
    private readonly string _directory = $"/var/tmp/recovery-operator-test-{Environment.ProcessId}";
    private readonly string _script = Path.Combine(RepositoryRoot.Path, "eng", "run", "libvirt-host.sh");
    private static readonly HttpClient Http = new();
    private string? _unavailable;

    public bool GuestWritesWaitForSnapshots => false;

    public string Network => "default";

    public IPAddress VaultAddress { get; } = IPAddress.Parse("10.231.0.1");

    public string Uri => $"qemu+unix:///system?socket={_directory}/root/run/libvirt/libvirt-sock";

    public string StorageDirectory => Path.Combine(_directory, "storage");

    public string GrantDirectory => Path.Combine(_directory, "grants");

    /// <summary>The host's name for the scripts under eng/run.</summary>
    public string Name { get; } = $"test{Environment.ProcessId}";

    public string Directory => _directory;

    public LibvirtOptions Options => new()
    {
        Uri = Uri,
        ScratchDirectory = Path.Combine(_directory, "scratch"),
        StorageDirectory = StorageDirectory,
        GrantDirectory = GrantDirectory,
        ConsoleDirectory = Path.Combine(_directory, "console"),
        RuntimeDirectory = Path.Combine(_directory, "sockets"),
        ScratchReserveBytes = 1 << 30,
    };

    public async ValueTask InitializeAsync()
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists("/usr/sbin/libvirtd"))
        {
            _unavailable = "a libvirt host needs root and the packages of eng/setup/packages.sh hypervisor";
            return;
        }

        await RunAsync(_script, ["start", Name, _directory], CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (_unavailable is not null) return;
        await RunAsync(_script, ["stop", Name, _directory], CancellationToken.None);
        System.IO.Directory.Delete(_directory, recursive: true);
    }

    public IHypervisor Open() => Open(Options);

    public LibvirtHypervisor Open(LibvirtOptions options)
    {
        Require();
        return new LibvirtHypervisor(options, Http, TimeProvider.System, NullLogger<LibvirtHypervisor>.Instance);
    }

    public async Task<string> CreateMachineAsync(string name, IReadOnlyList<long> diskSizesBytes, CancellationToken cancellationToken)
    {
        var id = await DefineAsync(name, diskSizesBytes, "qcow2", cancellationToken);
        await StartMachineAsync(id, cancellationToken);
        return id;
    }

    public async Task<string?> CreateUnsupportedMachineAsync(string name, CancellationToken cancellationToken) =>
        await DefineAsync(name, [TestMachine.DiskSizeBytes], "raw", cancellationToken);

    public async Task RemoveMachineAsync(string machineId, CancellationToken cancellationToken)
    {
        if (!(await VirshAsync(cancellationToken, "list", "--all", "--uuid")).Contains(machineId, StringComparison.Ordinal)) return;
        var name = (await VirshAsync(cancellationToken, "domname", machineId)).Trim();
        if ((await VirshAsync(cancellationToken, "domstate", machineId)).Trim() != "shut off") await VirshAsync(cancellationToken, "destroy", machineId);
        await VirshAsync(cancellationToken, "undefine", machineId, "--checkpoints-metadata", "--managed-save");
        foreach (var image in System.IO.Directory.GetFiles(StorageDirectory, $"{name}-*")) File.Delete(image);
    }

    public Task StartMachineAsync(string machineId, CancellationToken cancellationToken) => VirshAsync(cancellationToken, "start", machineId);

    /// <summary>QEMU ends in order, as when its guest has shut down; the idle guest itself does not react to the power button.</summary>
    public Task StopMachineAsync(string machineId, CancellationToken cancellationToken) => VirshAsync(cancellationToken, "destroy", machineId, "--graceful");

    public async Task WriteAsync(string machineId, int disk, Extent range, byte fill, CancellationToken cancellationToken)
    {
        var command = string.Create(
            CultureInfo.InvariantCulture,
            $"qemu-io -d /machine/peripheral/virtio-disk{disk}/virtio-backend \"write -q -P {fill} {range.OffsetBytes} {range.LengthBytes}\"");
        var answer = await VirshAsync(cancellationToken, "qemu-monitor-command", machineId, "--hmp", command);
        Assert.True(string.IsNullOrWhiteSpace(answer), $"the guest's write of {range} failed: {answer}");
    }

    /// <summary>Nothing ends a libvirt job but who knows of it: forgetting the snapshot is all that a killed agent does.</summary>
    public ValueTask CrashAsync(IHypervisor hypervisor, IMachineSnapshot open) => ValueTask.CompletedTask;

    /// <summary>Runs a shell command within the host's namespaces.</summary>
    public Task<string> ExecuteAsync(string command, CancellationToken cancellationToken) =>
        RunAsync(_script, ["exec", Name, _directory, "--", "sh", "-c", command], cancellationToken);

    /// <summary>Runs virsh on the host; fails with its error.</summary>
    public Task<string> VirshAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        Require();
        return RunAsync("virsh", ["-q", "-c", Uri, .. arguments], cancellationToken);
    }

    /// <summary>Skips the test where no libvirt host could be started.</summary>
    public void Require() => Assert.SkipWhen(_unavailable is not null, _unavailable ?? string.Empty);

    public static async Task<string> RunAsync(string command, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        Assert.True(process.ExitCode == 0, $"{command} {string.Join(' ', start.ArgumentList)}: {await errors}{await output}");
        return await output;
    }

    /// <summary>Defines a machine with one NIC whose disks are made new in the storage folder; returns its id.</summary>
    public async Task<string> DefineAsync(string name, IReadOnlyList<long> diskSizesBytes, string format, CancellationToken cancellationToken)
    {
        var disks = string.Empty;
        foreach (var (sizeBytes, index) in diskSizesBytes.Select((size, index) => (size, index)))
        {
            var path = Path.Combine(StorageDirectory, $"{name}-{index}.{format}");
            await RunAsync("qemu-img", ["create", "-q", "-f", format, path, sizeBytes.ToString(CultureInfo.InvariantCulture)], cancellationToken);
            disks += $"<disk type='file' device='disk'><driver name='qemu' type='{format}'/><source file='{path}'/><target dev='vd{(char)('a' + index)}' bus='virtio'/></disk>";
        }

        var id = Guid.NewGuid().ToString();
        var definition = Path.Combine(StorageDirectory, $"{name}-definition.xml");
        await File.WriteAllTextAsync(
            definition,
            $"""
            <domain type='qemu'><name>{name}</name><uuid>{id}</uuid><memory unit='MiB'>32</memory><vcpu>1</vcpu>
              <os><type arch='x86_64'>hvm</type></os>
              <devices>{disks}
                <disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
                <interface type='network'><source network='{Network}'/><model type='virtio'/></interface>
                <serial type='file'><source path='{_directory}/console/{name}.log'/></serial>
                <memballoon model='none'/>
              </devices>
            </domain>
            """,
            cancellationToken);
        await VirshAsync(cancellationToken, "define", definition);
        return id;
    }
}

[CollectionDefinition(LibvirtHost.Collection)]
public sealed class LibvirtHostCollection : ICollectionFixture<LibvirtHost>;
