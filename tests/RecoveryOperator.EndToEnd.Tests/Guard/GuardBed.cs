using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using RecoveryOperator.EndToEnd.Tests.World;
using RecoveryOperator.Testing;

namespace RecoveryOperator.EndToEnd.Tests.Guard;

/// <summary>
/// A world whose host A has little scratch space and a guest with much data that writes: while the vault is away, a snapshot of its initial copy stays
/// open and its scratch space fills within seconds. The agent runs under the service unit's restart rules.
/// </summary>
internal sealed partial class GuardBed(ProductWorld world)
{
    private const int ScratchMiB = 24;
    private const int ReserveMiB = 20;
    private const int DataMiB = 384;

    /// <summary>A write of the guest copies 64 KiB of old data: about 4 MiB of scratch space a second.</summary>
    private const int ChurnKiB = 256;

    private static string Unit => Path.Combine(RepositoryRoot.Path, "config", "systemd", "recovery-agent.service");

    private string HostFolder => Path.Combine(world.Folder, "host-a");

    /// <summary>Makes the scratch space and the guest; ends the agent that the world began with.</summary>
    public async Task PrepareAsync()
    {
        await world.StopAsync("agent-a");
        await world.OnHostAsync("a", "mount", "-t", "tmpfs", "-o", $"size={ScratchMiB}m,mode=777", "tmpfs", Path.Combine(HostFolder, "scratch"));
        var environment = new Dictionary<string, string> { ["GUEST_CHURN_KIB"] = ChurnKiB.ToString(CultureInfo.InvariantCulture) };
        var defined = await Shell.TryAsync(ProductWorld.Script("run/guest.sh"), ["define", "host-a", HostFolder, "web-1"], environment, world.CancellationToken);
        Assert.True(defined.ExitCode == 0, defined.Error);
        await FillDataDiskAsync();
        await world.RunWithAsync(environment, "guest");
    }

    /// <summary>Starts the agent under the unit's rules.</summary>
    /// <param name="restarts">False: as a host where nothing restarts it.</param>
    /// <param name="guard">False: without its guard.</param>
    public async Task StartAgentAsync(bool restarts = true, bool guard = true)
    {
        var unit = Unit;
        if (!restarts)
        {
            unit = Path.Combine(world.Folder, "no-restart.service");
            await File.WriteAllTextAsync(unit, (await File.ReadAllTextAsync(Unit, world.CancellationToken)).Replace("Restart=always", "Restart=no", StringComparison.Ordinal), world.CancellationToken);
        }

        await world.RunWithAsync(
            new Dictionary<string, string>
            {
                ["AGENT_UNIT"] = unit,
                ["RECOVERY_AGENT_Hypervisor__Libvirt__ScratchReserveBytes"] = (ReserveMiB << 20).ToString(CultureInfo.InvariantCulture),
                ["RECOVERY_AGENT_Hypervisor__Libvirt__Guard"] = guard ? "true" : "false",
            },
            "start",
            "agent-a");
    }

    /// <summary>Waits for a line of the agent's log behind a place in it.</summary>
    public Task LogSaysAsync(string text, int behind, int seconds = 60) =>
        Until.HoldsAsync(seconds, $"the agent's log says '{text}'", () => Task.FromResult(LogBehind(behind).Contains(text, StringComparison.Ordinal)), world.CancellationToken);

    public int LogLength => Log().Length;

    public string LogBehind(int place) => Log()[place..];

    /// <summary>The vault goes away or comes back.</summary>
    public Task VaultAsync(bool away) =>
        Shell.RunAsync(ProductWorld.Script("run/libvirt-host.sh"), [away ? "cut" : "mend", "host-a", HostFolder], world.CancellationToken);

    /// <summary>SIGKILL to the agent's process alone.</summary>
    public void KillAgent()
    {
        var pid = int.Parse(File.ReadAllText(Path.Combine(world.Folder, "pids", "agent-a-main.pid")).Split(' ')[0], CultureInfo.InvariantCulture);
        using var process = Process.GetProcessById(pid);
        process.Kill();
    }

    /// <summary>SIGKILL to the newest guard.</summary>
    public Task KillGuardAsync() => world.OnHostAsync("a", "kill", "-KILL", GuardPid().Matches(Log())[^1].Groups[1].Value);

    /// <summary>SIGSTOP or SIGCONT to the agent itself.</summary>
    public Task SignalAgentAsync(string signal) => world.OnHostAsync(
        "a", "sh", "-c", "for p in $(grep -l 'agent-[a].json' /proc/[0-9]*/cmdline 2>/dev/null); do kill -s \"$0\" \"$(basename \"$(dirname \"$p\")\")\"; done", signal);

    /// <summary>nsenter, between the supervisor and a stopped agent, stops itself too, and would not notice that the agent was killed.</summary>
    public void LetStoppedAgentGo()
    {
        var main = File.ReadAllText(Path.Combine(world.Folder, "pids", "agent-a-main.pid")).Split(' ')[0];
        foreach (var child in File.ReadAllText($"/proc/{main}/task/{main}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            using (Process.Start("kill", ["-CONT", child])!) { }
    }

    public async Task<bool> HasJobAsync() => !(await VirshAsync("domjobinfo", "web-1")).Contains("None", StringComparison.Ordinal);

    public async Task<string> StateAsync() => (await VirshAsync("domstate", "--reason", "web-1")).Trim();

    /// <summary>MiB in the scratch files.</summary>
    public async Task<long> ScratchUsedMiBAsync() => long.Parse(
        (await world.OnHostAsync("a", "df", "--output=used", "-BM", Path.Combine(HostFolder, "scratch"))).Split('\n')[1].Trim(' ', 'M'), CultureInfo.InvariantCulture);

    /// <summary>A name that the old agent process never has again: waits until it is gone.</summary>
    public Task AgentIsGoneAsync() => Until.HoldsAsync(
        20, "the agent is gone", async () => (await world.OnHostAsync("a", "sh", "-c", "grep -l 'agent-[a].json' /proc/[0-9]*/cmdline 2>/dev/null || true")).Trim().Length == 0, world.CancellationToken);

    private Task<string> VirshAsync(params string[] arguments) => world.OnHostAsync("a", ["virsh", "-q", "-c", "qemu:///system", .. arguments]);

    private string Log()
    {
        using var stream = new FileStream(world.LogPath("agent-a"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Random data behind the heartbeat, so that the copy is long and every overwrite has old data to keep.</summary>
    private async Task FillDataDiskAsync()
    {
        var image = Path.Combine(HostFolder, "storage", "web-1-data.qcow2");
        var random = Path.Combine(world.Folder, "random");
        await Shell.RunAsync("sh", ["-c", $"head -c {DataMiB - 64}M /dev/urandom > {random} && qemu-img resize -q {image} {DataMiB}M && qemu-io -f qcow2 -c 'write -q -s {random} 64M {DataMiB - 64}M' {image} && rm {random}"], world.CancellationToken);
    }

    [GeneratedRegex(@"The guard of open snapshots runs as process (\d+)")]
    private static partial Regex GuardPid();
}
