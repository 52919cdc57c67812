using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.Hypervisors.Libvirt;
using RecoveryOperator.Hypervisors.Libvirt.Guard;
using RecoveryOperator.Hypervisors.Libvirt.Quiesce;
using RecoveryOperator.Hypervisors.Tests.Images;

namespace RecoveryOperator.Hypervisors.Tests.Libvirt;

/// <summary>P6: app-consistent only when the guest was quiesced and thawed in time; thawed on every path. With a real guest agent.</summary>
[Collection(LibvirtHost.Collection)]
public sealed class LibvirtQuiesceTests(LibvirtHost host)
{
    private const string Owner = "own6";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string[] Marks => Directory.GetFiles(host.Options.RuntimeDirectory, "*.frozen");

    [Fact]
    public async Task P6_An_app_consistent_point_needs_no_recovery_and_the_guest_writes_on()
    {
        await using var guest = await AgentGuest.StartAsync(host);
        await using var hypervisor = host.Open();

        await using (var crash = await hypervisor.BeginSnapshotAsync(guest.Name, Request(null), Cancellation))
            Assert.True(await AgentGuest.NeedsRecoveryAsync(crash));
        await using (var app = await hypervisor.BeginSnapshotAsync(guest.Name, Request(Limit), Cancellation))
        {
            Assert.Equal(SnapshotConsistency.App, app.Consistency);
            Assert.Empty(Marks);
            Assert.False(await AgentGuest.NeedsRecoveryAsync(app));
            await guest.WritesOnAsync();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task P6_A_freeze_that_comes_too_late_is_thawed_by_the_guard_or_the_next_start(bool guard)
    {
        await using var guest = await AgentGuest.StartAsync(host);
        await using var hypervisor = host.Open(host.Options with { GuardCommand = guard ? GuestEntryPoint.Guard : [] });
        await guest.StopAgentAsync(seconds: 8);

        await using (var snapshot = await hypervisor.BeginSnapshotAsync(guest.Name, Request(Short), Cancellation))
            Assert.Equal((false, QuiesceReasons.FreezeTimedOut), (snapshot.Consistency.IsAppConsistent, snapshot.Consistency.Reason));
        Assert.Single(Marks);

        await AgentGuest.UntilAsync(async () => Marks.Length == 0 || (!guard && await IsCleanAsync(hypervisor, guest)));
        await guest.WritesOnAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task P6_A_guest_that_was_frozen_when_the_agent_was_killed_is_thawed(bool guard)
    {
        await using var guest = await AgentGuest.StartAsync(host);
        await using var hypervisor = host.Open();
        var machine = (await hypervisor.FindAsync(guest.Name, Cancellation))!;
        var settings = new GuardSettings(host.Uri, host.Options.ScratchDirectory, host.Options.RuntimeDirectory, Limit, Environment.ProcessId);
        await using var watching = new SnapshotGuard(GuestEntryPoint.Guard, settings, TimeProvider.System, NullLogger.Instance);
        if (guard) await watching.WatchAsync(new GuardedSnapshot("t1", machine.Id, Owner, "/none", [], 0, 0), Cancellation);
        new FreezeMark(machine.Id, DateTimeOffset.UtcNow.AddMinutes(1)).Write(FreezeMark.Path(host.Options.RuntimeDirectory, Owner, machine.Id, "t1"));
        await host.VirshAsync(Cancellation, "domfsfreeze", guest.Name);

        if (guard)
        {
            // Closed, and the agent's end of the pipe with it: what is left of the snapshot is its mark.
            watching.Forget("t1");
            await watching.DisposeAsync();
            await AgentGuest.UntilAsync(() => Task.FromResult(Marks.Length == 0));
        }
        else
        {
            await hypervisor.CleanUpAsync(machine.Id, Owner, Cancellation);
            Assert.Empty(Marks);
        }

        await guest.WritesOnAsync();
    }

    [Fact]
    public async Task P6_A_guest_that_somebody_else_thawed_before_the_instant_gives_no_app_consistent_point()
    {
        await using var guest = await AgentGuest.StartAsync(host);
        await using var hypervisor = host.Open();
        var machine = (await hypervisor.FindAsync(guest.Name, Cancellation))!;
        using var connection = new LibvirtConnection(host.Uri, NullLogger.Instance);
        var freezer = new GuestFreezer(connection, TimeProvider.System, NullLogger.Instance);
        foreach (var thawed in new[] { false, true })
        {
            var quiescence = await Quiescence.BeginAsync(
                freezer, FreezeMark.Path(host.Options.RuntimeDirectory, Owner, machine.Id, "t1"), machine.Id, Limit, TimeProvider.System, Cancellation);
            if (thawed) await host.VirshAsync(Cancellation, "domfsthaw", guest.Name);

            var consistency = await quiescence.EndAsync();

            Assert.Equal((!thawed, thawed ? QuiesceReasons.ThawFailed : null), (consistency.IsAppConsistent, consistency.Reason));
            Assert.Empty(Marks);
        }
    }

    [Fact]
    public async Task A_machine_that_does_not_run_is_not_frozen()
    {
        await using var guest = await AgentGuest.StartAsync(host);
        await using var hypervisor = host.Open();
        await host.VirshAsync(Cancellation, "suspend", guest.Name);

        await using var snapshot = await hypervisor.BeginSnapshotAsync(guest.Name, Request(Limit), Cancellation);

        Assert.Equal(QuiesceReasons.MachineNotRunning, snapshot.Consistency.Reason);
        Assert.Empty(Marks);
    }

    private static SnapshotRequest Request(TimeSpan? quiesceWithin) => new(Owner, null, null, [], quiesceWithin);

    /// <summary>A clean-up that says itself that it is to be tried again, as the engine does every 5 s.</summary>
    private static async Task<bool> IsCleanAsync(LibvirtHypervisor hypervisor, AgentGuest guest)
    {
        try
        {
            var machine = await hypervisor.FindAsync(guest.Name, Cancellation);
            await hypervisor.CleanUpAsync(machine!.Id, Owner, Cancellation);
            return true;
        }
        catch (HypervisorException error) when (error.Fault == HypervisorFault.Transient)
        {
            return false;
        }
    }
}
