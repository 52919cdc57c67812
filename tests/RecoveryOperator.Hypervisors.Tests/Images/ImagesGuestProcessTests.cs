using System.Diagnostics;
using RecoveryOperator.Hypervisors.Native;

namespace RecoveryOperator.Hypervisors.Tests.Images;

public sealed class ImagesGuestProcessTests : IDisposable
{
    private readonly ImagesBed bed = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => bed.Dispose();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    public async Task A_foreign_process_with_the_recorded_id_is_never_killed(int otherStart, int otherBoot)
    {
        using var foreign = Process.Start("/bin/sleep", "600");
        try
        {
            var machine = bed.CreateMachine("web", 1 << 20);
            var identity = ProcessIdentity.OfLiving(foreign.Id)!;
            var recorded = identity with
            {
                StartTicks = identity.StartTicks - otherStart,
                BootId = otherBoot == 0 ? identity.BootId : Guid.NewGuid().ToString(),
            };
            await File.WriteAllTextAsync(Path.Combine(bed.Root, "web", "guest.pid"), recorded.ToString(), Cancellation);
            await using var hypervisor = bed.Open();

            Assert.Equal(PowerState.Off, (await hypervisor.FindAsync("web", Cancellation))!.State);
            await hypervisor.DestroyAsync(machine.Id, Cancellation);
            Assert.True(await hypervisor.ShutDownAsync(machine.Id, TimeSpan.FromSeconds(1), Cancellation));
            Assert.False(LinuxSignal.Send(recorded, LinuxSignal.Kill));

            Assert.True(identity.IsAlive());
        }
        finally
        {
            foreign.Kill();
        }
    }

    [Fact]
    public async Task The_running_guest_is_found_by_another_instance_and_switched_off()
    {
        var machine = bed.CreateMachine("web", 1 << 20);
        await using (var starter = bed.Open()) await starter.StartAsync(machine.Id, Cancellation);
        await using var hypervisor = bed.Open();

        Assert.Equal(PowerState.Running, (await hypervisor.FindAsync("web", Cancellation))!.State);
        await hypervisor.DestroyAsync(machine.Id, Cancellation);
        Assert.Equal(PowerState.Off, (await hypervisor.FindAsync("web", Cancellation))!.State);
    }

    [Fact]
    public async Task A_guest_that_ends_while_it_starts_is_an_error_that_says_where_to_look()
    {
        var machine = bed.CreateMachine("web", 1 << 20);
        await using var hypervisor = bed.Open(bed.Options with { GuestCommand = ["/bin/sh", "-c", "echo broken >&2; exit 7"] });

        var failure = await Assert.ThrowsAsync<HypervisorException>(() => hypervisor.StartAsync(machine.Id, Cancellation));

        Assert.Contains("exit code 7", failure.Message, StringComparison.Ordinal);
        Assert.Equal("broken\n", await File.ReadAllTextAsync(Path.Combine(bed.Root, "web", "guest.err"), Cancellation));
    }

    [Fact]
    public async Task A_guest_that_does_not_end_when_asked_still_runs()
    {
        var machine = bed.CreateMachine("web", 1 << 20);
        string[] stubborn = [.. ImagesBed.IdleGuest];
        stubborn[2] = "trap '' TERM; " + stubborn[2];
        await using var hypervisor = bed.Open(bed.Options with { GuestCommand = stubborn });
        await hypervisor.StartAsync(machine.Id, Cancellation);

        Assert.False(await hypervisor.ShutDownAsync(machine.Id, TimeSpan.FromMilliseconds(50), Cancellation));
        Assert.Equal(PowerState.Running, (await hypervisor.FindAsync("web", Cancellation))!.State);
        await hypervisor.DestroyAsync(machine.Id, Cancellation);
    }

    [Fact]
    public async Task A_machine_that_cannot_be_read_does_not_hide_the_others()
    {
        bed.CreateMachine("good", 1 << 20);
        Directory.CreateDirectory(Path.Combine(bed.Root, "bad"));
        await File.WriteAllTextAsync(Path.Combine(bed.Root, "bad", "machine.json"), """{"id":""", Cancellation);
        await using var hypervisor = bed.Open();

        Assert.Equal("good", Assert.Single((await hypervisor.DescribeHostAsync(Cancellation)).Machines).Name);
    }
}
