using RecoveryOperator.Hypervisors.Libvirt;
using RecoveryOperator.Hypervisors.Tests.Conformance;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Hypervisors.Tests.Libvirt;

/// <summary>With a guest that boots and writes a heartbeat to both of its disks.</summary>
[Collection(LibvirtHost.Collection)]
public sealed class LibvirtGuestTests(LibvirtHost host)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_guest_paused_by_a_full_scratch_space_goes_on_after_the_next_start()
    {
        var (guest, script) = Guest();
        // Full on the host only: the driver cannot see it coming, as when the agent was killed before it could.
        var scratch = Path.Combine(host.Directory, "tiny");
        await LibvirtHost.RunAsync("mkdir", ["-p", scratch], Cancellation);
        // Room for what a job needs at its start and hardly more: old data of blocks that were never written need none.
        await host.ExecuteAsync($"mount -t tmpfs -o size=704k,mode=777 tmpfs {scratch}", Cancellation);
        await script("start");
        await using var hypervisor = host.Open(host.Options with { ScratchDirectory = scratch });
        var machine = await hypervisor.FindAsync(guest, Cancellation);
        try
        {
            var snapshot = await hypervisor.BeginSnapshotAsync(machine!.Id, new SnapshotRequest("own1", null, new("c1"), []), Cancellation);
            await WaitAsync(async () => (await host.VirshAsync(Cancellation, "domstate", "--reason", guest)).Contains("I/O error", StringComparison.Ordinal));
            await host.CrashAsync(hypervisor, snapshot);

            await using var restarted = host.Open(host.Options with { ScratchDirectory = scratch });
            var report = await restarted.CleanUpAsync(machine.Id, "own1", Cancellation);

            Assert.Equal((1, true), (report.JobsEnded, report.GuestResumed));
            var beats = Beats(guest);
            await WaitAsync(() => Task.FromResult(Beats(guest) > beats));
            Assert.Single(await restarted.ListCheckpointsAsync(machine.Id, "own1", Cancellation));
        }
        finally
        {
            await script("remove");
            await host.ExecuteAsync($"umount {scratch}", CancellationToken.None);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_machine_that_was_off_is_off_again_when_it_was_read_unless_its_user_let_it_run(bool ran)
    {
        var (guest, script) = Guest();
        await script("start");
        await using var hypervisor = host.Open();
        try
        {
            await host.VirshAsync(Cancellation, "destroy", guest);
            await using (await hypervisor.BeginSnapshotAsync(guest, new SnapshotRequest("own3", null, null, []), Cancellation))
            {
                if (ran)
                {
                    var beats = Beats(guest);
                    await host.VirshAsync(Cancellation, "resume", guest);
                    await WaitAsync(() => Task.FromResult(Beats(guest) > beats));
                    await host.VirshAsync(Cancellation, "suspend", guest);
                }
            }

            Assert.Equal(ran ? "paused" : "shut off", (await host.VirshAsync(Cancellation, "domstate", guest)).Trim());
        }
        finally
        {
            await script("remove");
        }
    }

    [Fact]
    public async Task A_running_guest_is_brought_up_from_its_snapshot_although_the_vault_and_the_agent_are_away_for_a_while()
    {
        var (guest, script) = Guest();
        await script("start");
        var hypervisor = (LibvirtHypervisor)host.Open();
        var contents = new List<byte[]>();
        VirtualMachine machine;
        await using (var snapshot = await hypervisor.BeginSnapshotAsync(guest, new SnapshotRequest("own2", null, null, []), Cancellation))
        {
            foreach (var disk in snapshot.Disks) contents.Add(await disk.ReadFullAsync());
            await snapshot.VerifyIntactAsync(Cancellation);
            machine = snapshot.Machine;
        }

        await script("remove");
        await using var vault = VhdServer.Start(host.VaultAddress, contents);
        var request = new ReplicaRequest("own2", "operation-1", guest + "r", machine.Definition, vault.ReplicaDisks(), [host.Network]);
        var replica = await hypervisor.CreateReplicaAsync(request, null, Cancellation);
        try
        {
            await hypervisor.StartAsync(replica.Id, Cancellation);
            await hypervisor.DisposeAsync();
            await WaitAsync(() => StoppedAsync(replica.Name));
            vault.IsAway = true;
            hypervisor = (LibvirtHypervisor)host.Open();
            Assert.Contains(replica.Name, await hypervisor.ResumeStoppedReplicasAsync(Cancellation));
            await WaitAsync(() => StoppedAsync(replica.Name));
            vault.IsAway = false;
            Assert.Contains(replica.Name, await hypervisor.ResumeStoppedReplicasAsync(Cancellation));
            await WaitAsync(async () => (await hypervisor.ResumeStoppedReplicasAsync(Cancellation)).Count == 0 && Beats(replica.Name) > 0);

            Assert.Contains("RECOVERED", await File.ReadAllTextAsync(Console(replica.Name), Cancellation), StringComparison.Ordinal);
            Assert.Single(await hypervisor.ListCheckpointsAsync(replica.Id, "own2", Cancellation));
            Assert.True(await hypervisor.ShutDownAsync(replica.Id, Patience, Cancellation), "the guest did not shut down");
        }
        finally
        {
            await hypervisor.DeleteReplicaAsync(replica.Id, CancellationToken.None);
            await hypervisor.DisposeAsync();
        }

        Assert.False(File.Exists(Console(replica.Name)));
    }

    private async Task<bool> StoppedAsync(string machine) =>
        (await host.VirshAsync(Cancellation, "domstate", "--reason", machine)).Contains("I/O error", StringComparison.Ordinal);

    private (string Name, Func<string, Task> Script) Guest()
    {
        host.Require();
        var guest = $"guest{Guid.NewGuid().ToString("n")[..6]}";
        var script = Path.Combine(RepositoryRoot.Path, "eng", "run", "guest.sh");
        return (guest, verb => LibvirtHost.RunAsync(script, [verb, host.Name, host.Directory, guest], CancellationToken.None));
    }

    private string Console(string machine) => Path.Combine(host.Options.ConsoleDirectory, $"{machine}.log");

    private int Beats(string machine) => File.Exists(Console(machine)) ? File.ReadLines(Console(machine)).Count(line => line.StartsWith("BEAT ", StringComparison.Ordinal)) : 0;

    private static async Task WaitAsync(Func<Task<bool>> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(Patience);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await condition()) await timer.WaitForNextTickAsync(deadline.Token);
    }
}
