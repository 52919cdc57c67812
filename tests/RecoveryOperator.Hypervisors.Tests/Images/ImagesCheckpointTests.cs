using RecoveryOperator.Hypervisors.Images.Snapshots;
using static RecoveryOperator.Hypervisors.Tests.Images.ImagesChangesTests;

namespace RecoveryOperator.Hypervisors.Tests.Images;

public sealed class ImagesCheckpointTests : IDisposable
{
    private readonly ImagesBed bed = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => bed.Dispose();

    [Fact]
    public async Task The_checkpoint_is_on_disk_before_the_snapshot_can_be_read()
    {
        var machine = bed.CreateMachine("web", 1 << 20);
        await using var hypervisor = bed.Open();

        await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, Request(null, "c1"), Cancellation);

        Assert.True(File.Exists(TablePath("c1")));
        await using var other = bed.Open();
        Assert.Equal("c1", Assert.Single(await other.ListCheckpointsAsync(machine.Id, "owner-1", Cancellation)).Value);
    }

    [Fact]
    public async Task A_table_written_for_a_set_that_was_never_committed_loses_no_change()
    {
        var machine = bed.CreateMachine("web", 1 << 20);
        await using var killed = bed.Open();
        await CutAsync(killed, machine, null, "c1");
        bed.Scribble(machine, 0, 0, 0x11);
        var open = await killed.BeginSnapshotAsync(machine.Id, Request("c1", "c2"), Cancellation);
        ((ImagesSnapshot)open).Point.LetGo();

        await using var restarted = bed.Open();
        await restarted.CleanUpAsync(machine.Id, "owner-1", Cancellation);
        var withoutAbandon = await CutAsync(restarted, machine, "c1", "c3");
        await restarted.AbandonCheckpointAsync(machine.Id, "owner-1", new("c2"), Cancellation);
        var withAbandon = await CutAsync(restarted, machine, "c1", "c4");

        Assert.Equal([new Extent(0, 64 << 10)], withoutAbandon);
        Assert.Equal(withoutAbandon, withAbandon);
        Assert.Equal(["c1", "c4"], (await restarted.ListCheckpointsAsync(machine.Id, "owner-1", Cancellation)).Select(id => id.Value));
    }

    [Fact]
    public async Task A_draft_left_by_a_crash_is_no_checkpoint_and_is_cleaned_up()
    {
        var machine = bed.CreateMachine("web", 1 << 20);
        await using var hypervisor = bed.Open();
        await CutAsync(hypervisor, machine, null, "c1");
        var draft = Directory.CreateDirectory(Path.Combine(bed.StateDirectory, "owner-1", ".draft-0"));
        await File.WriteAllTextAsync(Path.Combine(draft.FullName, "disk-0.sums"), "torn", Cancellation);

        Assert.Single(await hypervisor.ListCheckpointsAsync(machine.Id, "owner-1", Cancellation));
        var report = await hypervisor.CleanUpAsync(machine.Id, "owner-1", Cancellation);

        Assert.Equal(1, report.ScratchFilesRemoved);
        Assert.False(draft.Exists && Directory.Exists(draft.FullName));
        Assert.Single(await hypervisor.ListCheckpointsAsync(machine.Id, "owner-1", Cancellation));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(70, false)]
    [InlineData(-1, false)]
    [InlineData(20, true)]
    [InlineData(-8, true)]
    public async Task A_torn_or_damaged_table_means_that_tracking_is_lost(int at, bool flip)
    {
        var machine = bed.CreateMachine("web", 1 << 20);
        await using var hypervisor = bed.Open();
        await CutAsync(hypervisor, machine, null, "c1");
        var bytes = await File.ReadAllBytesAsync(TablePath("c1"), Cancellation);
        var position = at < 0 ? bytes.Length + at : at;
        if (flip) bytes[position] ^= 1;
        await File.WriteAllBytesAsync(TablePath("c1"), flip ? bytes : bytes[..position], Cancellation);

        var lost = await Assert.ThrowsAsync<ChangeTrackingLostException>(
            () => hypervisor.BeginSnapshotAsync(machine.Id, Request("c1", "c2"), Cancellation));

        Assert.Contains("vda", lost.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(bed.StateDirectory, "owner-1", "c2")));
        await using var unlocked = await hypervisor.BeginSnapshotAsync(machine.Id, Request(null, null), Cancellation);
    }

    [Fact]
    public async Task A_missing_table_means_that_tracking_is_lost()
    {
        var machine = bed.CreateMachine("web", 1 << 20);
        await using var hypervisor = bed.Open();
        await CutAsync(hypervisor, machine, null, "c1");
        File.Delete(TablePath("c1"));

        await Assert.ThrowsAsync<ChangeTrackingLostException>(
            () => hypervisor.BeginSnapshotAsync(machine.Id, Request("c1", "c2"), Cancellation));
    }

    [Fact]
    public async Task A_checkpoint_id_is_used_once()
    {
        var machine = bed.CreateMachine("web", 1 << 20);
        await using var hypervisor = bed.Open();
        await CutAsync(hypervisor, machine, null, "c1");

        var refusal = await Assert.ThrowsAsync<HypervisorException>(() => CutAsync(hypervisor, machine, "c1", "c1"));

        Assert.Equal(HypervisorFault.Conflict, refusal.Fault);
    }

    [Fact]
    public async Task A_snapshot_that_cannot_have_the_lock_in_time_leaves_nothing_behind()
    {
        var machine = bed.CreateMachine("web", 1 << 20);
        await using var hypervisor = bed.Open(bed.Options with { LockTimeout = TimeSpan.FromMilliseconds(20) });
        await using (await hypervisor.BeginSnapshotAsync(machine.Id, Request(null, null), Cancellation))
        {
            Assert.SkipWhen(bed.ClonesFiles, "this file system clones files: the lock is free");
            var refusal = await Assert.ThrowsAsync<HypervisorException>(
                () => hypervisor.BeginSnapshotAsync(machine.Id, Request(null, "c1"), Cancellation));
            Assert.Equal(HypervisorFault.Transient, refusal.Fault);
        }

        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(bed.StateDirectory, "owner-1")));
        await CutAsync(hypervisor, machine, null, "c1");
    }

    private string TablePath(string checkpoint) => Path.Combine(bed.StateDirectory, "owner-1", checkpoint, "disk-0.sums");
}
