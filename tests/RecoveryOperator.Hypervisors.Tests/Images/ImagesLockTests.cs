using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Hypervisors.Images;
using RecoveryOperator.Hypervisors.Images.Machines;
using RecoveryOperator.Hypervisors.Tests.Conformance;
using static RecoveryOperator.Hypervisors.Tests.Images.ImagesChangesTests;

namespace RecoveryOperator.Hypervisors.Tests.Images;

public sealed class ImagesLockTests : IDisposable
{
    private readonly ImagesBed bed = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => bed.Dispose();

    [Fact]
    public async Task A_writer_waits_for_an_open_snapshot_but_not_for_ever()
    {
        Assert.SkipWhen(bed.ClonesFiles, "this file system clones files: no writer waits");
        var machine = bed.CreateMachine("web", 1 << 20);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow.AddMinutes(1));
        await using var hypervisor = new ImagesHypervisor(bed.Options, bed.Http, clock, NullLogger<ImagesHypervisor>.Instance);
        await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, Request(null, null), Cancellation);

        Assert.False(snapshot.ShouldEndSoon);
        Assert.True(IsLocked(machine));
        clock.Advance(bed.Options.LockHoldTarget + TimeSpan.FromSeconds(1));
        Assert.True(snapshot.ShouldEndSoon);
        Assert.True(IsLocked(machine));
        clock.Advance(bed.Options.LockHoldLimit);

        Assert.False(IsLocked(machine));
        Assert.True(snapshot.ShouldEndSoon);
        await snapshot.VerifyIntactAsync(Cancellation);
        bed.Scribble(machine, 0, 0, 0x11);
        await Assert.ThrowsAsync<HypervisorException>(() => snapshot.VerifyIntactAsync(Cancellation));
    }

    [Fact]
    public async Task Where_files_are_cloned_no_writer_waits_and_the_snapshot_stays_as_it_was()
    {
        Assert.SkipUnless(bed.ClonesFiles, "this file system cannot clone files; name one that can in IMAGES_TEST_DIRECTORY");
        var machine = bed.CreateMachine("web", 1 << 20);
        bed.Scribble(machine, 0, 0, 0x11);
        await using var hypervisor = bed.Open();
        await CutAsync(hypervisor, machine, null, "c1");
        bed.Scribble(machine, 0, 0, 0x22);
        await using (var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, Request("c1", "c2"), Cancellation))
        {
            Assert.False(IsLocked(machine));
            bed.Scribble(machine, 0, 0, 0x33);

            var content = new byte[4096];
            Assert.Equal([new Extent(0, 64 << 10)], await snapshot.Disks[0].ListExtentsAsync());
            await snapshot.Disks[0].ReadAsync(0, content, Cancellation);
            await snapshot.VerifyIntactAsync(Cancellation);
            Assert.Equal(-1, content.AsSpan().IndexOfAnyExcept((byte)0x22));
        }

        Assert.Equal([new Extent(0, 64 << 10)], await CutAsync(hypervisor, machine, "c2", "c3"));
        Assert.Empty(Directory.GetDirectories(Path.Combine(bed.Root, "web", ".snapshot-owner-1")));
    }

    [Fact]
    public async Task One_who_wants_the_lock_again_at_once_comes_after_those_who_waited()
    {
        Directory.CreateDirectory(bed.Root);
        var path = Path.Combine(bed.Root, "any.lock");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var greedy = Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    using var held = await MachineLock.AcquireAsync(path, TimeSpan.FromSeconds(30), TimeProvider.System, Cancellation);
                }
            },
            Cancellation);

        for (var turn = 0; turn < 10; turn++)
        {
            using var held = await MachineLock.AcquireAsync(path, TimeSpan.FromSeconds(5), TimeProvider.System, Cancellation);
            Assert.NotNull(held);
        }

        await stop.CancelAsync();
        await greedy;
    }

    private bool IsLocked(VirtualMachine machine)
    {
        using var taken = MachineLock.TryAcquire(Path.Combine(bed.Root, machine.Name, "machine.lock"));
        return taken is null;
    }
}
