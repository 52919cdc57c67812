using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Hypervisors.Images;
using RecoveryOperator.Hypervisors.Images.Machines;

namespace RecoveryOperator.Hypervisors.Tests.Images;

/// <summary>A folder of machines of its own, removed at the end.</summary>
internal sealed class ImagesBed : IDisposable
{
    /// <summary>Registers itself as the driver demands and then writes nothing.</summary>
    public static readonly IReadOnlyList<string> IdleGuest =
    [
        "/bin/sh",
        "-c",
        "echo $$ > $2/pid.new; cut -d' ' -f22 /proc/$$/stat >> $2/pid.new; cat /proc/sys/kernel/random/boot_id >> $2/pid.new; "
            + "mv $2/pid.new $2/guest.pid; exec sleep 600",
        "idle-guest",
    ];

    public ImagesBed(string? parent = null) => Base = parent is null
        ? Directory.CreateTempSubdirectory("images-").FullName
        : Directory.CreateDirectory(Path.Combine(parent, Guid.NewGuid().ToString("N"))).FullName;

    public string Base { get; }

    public string Root => Path.Combine(Base, "machines");

    public string StateDirectory => Path.Combine(Base, "state");

    public HttpClient Http { get; init; } = new();

    /// <summary>Time stamps of the test's files are trusted almost at once: the driver itself waits for one tick of them.</summary>
    public ImagesOptions Options => new()
    {
        Root = Root,
        StateDirectory = StateDirectory,
        RacyMargin = TimeSpan.FromMilliseconds(10),
        LockTimeout = TimeSpan.FromSeconds(20),
        DownloadRetryDelay = TimeSpan.FromMilliseconds(5),
        GuestCommand = IdleGuest,
        HostName = "images-host",
    };

    public ImagesHypervisor Open(ImagesOptions? options = null) =>
        new(options ?? Options, Http, TimeProvider.System, NullLogger<ImagesHypervisor>.Instance);

    public VirtualMachine CreateMachine(string name, params long[] sizes) => ImagesMachineFactory.Create(Root, name, sizes);

    public string PathOf(VirtualMachine machine, int disk) => Path.Combine(Root, machine.Name, $"disk-{disk}.raw");

    /// <summary>Writes as a writer does that ignores the lock.</summary>
    public void Scribble(VirtualMachine machine, int disk, long offset, byte fill, int length = 4096)
    {
        using var image = File.OpenHandle(PathOf(machine, disk), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var content = new byte[length];
        Array.Fill(content, fill);
        RandomAccess.Write(image, content, offset);
    }

    public void Dispose()
    {
        Http.Dispose();
        Directory.Delete(Base, recursive: true);
    }
}
