using System.Globalization;
using System.Text.RegularExpressions;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Hypervisors.Tests.Libvirt;

/// <summary>The test guest with its real guest agent: partition 3 of <c>vda</c> is an ext4 file system that is written five times a second.</summary>
public sealed partial class AgentGuest : IAsyncDisposable
{
    /// <summary>Where the file system's superblock says whether it needs recovery: partition 3, its superblock, the incompatible features.</summary>
    private const long FeaturesOffsetBytes = ((1L + 40 + 32) << 20) + 1024 + 0x60;

    private const byte NeedsRecovery = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly LibvirtHost _host;

    private AgentGuest(LibvirtHost host, string name) => (_host, Name) = (host, name);

    public string Name { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<AgentGuest> StartAsync(LibvirtHost host)
    {
        host.Require();
        var guest = new AgentGuest(host, $"guest{Guid.NewGuid().ToString("n")[..6]}");
        await guest.ScriptAsync("start");
        await UntilAsync(async () => (await host.VirshAsync(Cancellation, "dumpxml", guest.Name)).Contains("state='connected'", StringComparison.Ordinal));
        return guest;
    }

    /// <summary>Waits until the guest writes to its file system, now.</summary>
    public async Task WritesOnAsync()
    {
        var before = Writes();
        await UntilAsync(() => Task.FromResult(Writes() > before + 2));
    }

    /// <summary>Stops the guest's agent, as one that hangs, for some seconds.</summary>
    public Task StopAgentAsync(int seconds) => _host.VirshAsync(
        Cancellation,
        "qemu-agent-command",
        Name,
        string.Create(CultureInfo.InvariantCulture, $$$"""{"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c","p=$(cat /qemu-ga.pid); (sleep {{{seconds}}}; kill -CONT $p) & kill -STOP $p"]}}"""));

    /// <summary>Whether the file system, as a snapshot has it, is one that was in use when the power failed.</summary>
    public static async Task<bool> NeedsRecoveryAsync(IMachineSnapshot snapshot)
    {
        var sector = new byte[512];
        await snapshot.Disks[0].ReadAsync(FeaturesOffsetBytes / 512 * 512, sector, Cancellation);
        return (sector[FeaturesOffsetBytes % 512] & NeedsRecovery) != 0;
    }

    public static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await condition()) await timer.WaitForNextTickAsync(deadline.Token);
    }

    public async ValueTask DisposeAsync() => await ScriptAsync("remove");

    private long Writes() => WriteLine().Matches(File.ReadAllText(Path.Combine(_host.Options.ConsoleDirectory, $"{Name}.log"))) is [.., var last]
        ? long.Parse(last.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
        : 0;

    private Task<string> ScriptAsync(string verb) =>
        LibvirtHost.RunAsync(Path.Combine(RepositoryRoot.Path, "eng", "run", "guest.sh"), [verb, _host.Name, _host.Directory, Name], CancellationToken.None);

    [GeneratedRegex(@"^FS n=(\d+)", RegexOptions.Multiline)]
    private static partial Regex WriteLine();
}
