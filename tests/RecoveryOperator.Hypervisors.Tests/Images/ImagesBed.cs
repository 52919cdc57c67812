using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Hypervisors.Images;
using RecoveryOperator.Hypervisors.Images.Machines;
using RecoveryOperator.Hypervisors.Native;

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

    private readonly Lazy<bool> clonesFiles;

    /// <summary>
    /// In the temporary folder, or in the one that <c>IMAGES_TEST_DIRECTORY</c> names: to run the tests where files can be cloned.
    /// </summary>
    public ImagesBed()
    {
        Base = Environment.GetEnvironmentVariable("IMAGES_TEST_DIRECTORY") is { Length: > 0 } parent
            ? Directory.CreateDirectory(Path.Combine(parent, Guid.NewGuid().ToString("N"))).FullName
            : Directory.CreateTempSubdirectory("images-").FullName;
        clonesFiles = new(ProbeClone);
    }

    /// <summary>True where the file system clones files: a snapshot then is apart from the image at once.</summary>
    public bool ClonesFiles => clonesFiles.Value;

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

    private bool ProbeClone()
    {
        using var source = File.OpenHandle(Path.Combine(Base, "probe"), FileMode.Create, FileAccess.ReadWrite);
        using var target = File.OpenHandle(Path.Combine(Base, "clone"), FileMode.Create, FileAccess.ReadWrite);
        return LinuxFile.TryClone(source, target);
    }

    public void Dispose()
    {
        Http.Dispose();
        Directory.Delete(Base, recursive: true);
    }
}
