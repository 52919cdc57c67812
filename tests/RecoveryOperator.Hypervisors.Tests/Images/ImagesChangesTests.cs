using RecoveryOperator.Hypervisors.Images;
using RecoveryOperator.Hypervisors.Tests.Conformance;

namespace RecoveryOperator.Hypervisors.Tests.Images;

public sealed class ImagesChangesTests : IDisposable
{
    private const long DiskBytes = (8 << 20) + 512;
    private readonly ImagesBed bed = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => bed.Dispose();

    [Fact]
    public async Task A_writer_that_ignores_the_lock_gives_no_set()
    {
        Assert.SkipWhen(bed.ClonesFiles, "this file system clones files: later writes do not matter");
        var machine = bed.CreateMachine("web", DiskBytes);
        await using var hypervisor = bed.Open();
        await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, Request(null, "c1"), Cancellation);
        await snapshot.VerifyIntactAsync(Cancellation);

        bed.Scribble(machine, 0, 0, 0x11);

        var refusal = await Assert.ThrowsAsync<HypervisorException>(() => snapshot.VerifyIntactAsync(Cancellation));
        Assert.Equal(HypervisorFault.Transient, refusal.Fault);
        Assert.Contains("machine.lock", refusal.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_put_in_the_image_s_place_gives_no_set()
    {
        Assert.SkipWhen(bed.ClonesFiles, "this file system clones files: later writes do not matter");
        var machine = bed.CreateMachine("web", DiskBytes);
        await using var hypervisor = bed.Open();
        await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, Request(null, null), Cancellation);

        File.Copy(bed.PathOf(machine, 0), bed.PathOf(machine, 0) + ".new");
        File.Move(bed.PathOf(machine, 0) + ".new", bed.PathOf(machine, 0), overwrite: true);

        await Assert.ThrowsAsync<HypervisorException>(() => snapshot.VerifyIntactAsync(Cancellation));
    }

    [Fact]
    public async Task A_racily_clean_file_is_scanned_although_its_times_are_the_same()
    {
        var careful = bed.Options with { RacyMargin = TimeSpan.FromHours(1) };
        var machine = bed.CreateMachine("web", DiskBytes);
        bed.Scribble(machine, 0, 0, 0x11);
        await using var hypervisor = bed.Open(careful);
        await CutAsync(hypervisor, machine, null, "c1");

        await using (var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, Request("c1", "c2"), Cancellation))
        {
            Assert.Empty(await snapshot.Disks[0].ListExtentsAsync());
            Assert.True(snapshot.Disks[0].BytesRead > 0);
        }

        await using var trusting = bed.Open();
        await using var second = await trusting.BeginSnapshotAsync(machine.Id, Request("c2", "c3"), Cancellation);
        Assert.Equal(0, second.Disks[0].BytesRead);
    }

    [Fact]
    public async Task Times_that_were_set_back_do_not_hide_a_change()
    {
        var machine = bed.CreateMachine("web", DiskBytes);
        bed.Scribble(machine, 0, 0, 0x11);
        await using var hypervisor = bed.Open();
        await CutAsync(hypervisor, machine, null, "c1");
        var before = File.GetLastWriteTimeUtc(bed.PathOf(machine, 0));

        bed.Scribble(machine, 0, 128 << 10, 0x22);
        File.SetLastWriteTimeUtc(bed.PathOf(machine, 0), before);

        var changed = await CutAsync(hypervisor, machine, "c1", "c2");
        Assert.Equal([new Extent(128 << 10, 64 << 10)], changed);
    }

    [Fact]
    public async Task A_file_touched_but_not_changed_has_no_changes()
    {
        var machine = bed.CreateMachine("web", DiskBytes);
        bed.Scribble(machine, 0, 0, 0x11);
        await using var hypervisor = bed.Open();
        await CutAsync(hypervisor, machine, null, "c1");

        bed.Scribble(machine, 0, 0, 0x11);

        Assert.Empty(await CutAsync(hypervisor, machine, "c1", "c2"));
    }

    [Fact]
    public async Task The_last_short_block_and_blocks_turned_to_zeros_are_found()
    {
        var machine = bed.CreateMachine("web", DiskBytes);
        bed.Scribble(machine, 0, 1 << 20, 0x11);
        await using var hypervisor = bed.Open();
        await CutAsync(hypervisor, machine, null, "c1");

        bed.Scribble(machine, 0, 1 << 20, 0);
        bed.Scribble(machine, 0, DiskBytes - 512, 0x33, 512);

        var changed = await CutAsync(hypervisor, machine, "c1", "c2");
        Assert.Equal([new Extent(1 << 20, 64 << 10), new Extent(8 << 20, 512)], changed);
    }

    [Fact]
    public async Task A_grown_disk_reports_what_is_new_on_it()
    {
        var machine = bed.CreateMachine("web", DiskBytes);
        await using var hypervisor = bed.Open();
        await CutAsync(hypervisor, machine, null, "c1");

        using (var image = File.Open(bed.PathOf(machine, 0), FileMode.Open)) image.SetLength(16 << 20);
        bed.Scribble(machine, 0, 12 << 20, 0x44);

        Assert.Equal([new Extent(12 << 20, 64 << 10)], await CutAsync(hypervisor, machine, "c1", "c2"));
    }

    [Fact]
    public async Task A_disk_that_the_checkpoint_did_not_cover_is_reported_whole()
    {
        var machine = bed.CreateMachine("web", 1 << 20, 2 << 20);
        await using var hypervisor = bed.Open();
        await using (await hypervisor.BeginSnapshotAsync(machine.Id, Request(null, "c1") with { ExcludedDisks = ["vdb"] }, Cancellation))
        {
        }

        await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, Request("c1", "c2"), Cancellation);

        Assert.Equal([new Extent(0, 2 << 20)], await snapshot.Disks[1].ListExtentsAsync());
    }

    internal static SnapshotRequest Request(string? since, string? checkpoint) => new(
        "owner-1",
        since is null ? null : new ChangeTrackingId(since),
        checkpoint is null ? null : new ChangeTrackingId(checkpoint),
        []);

    internal static async Task<List<Extent>> CutAsync(ImagesHypervisor hypervisor, VirtualMachine machine, string? since, string checkpoint)
    {
        await using var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, Request(since, checkpoint), Cancellation);
        var extents = await snapshot.Disks[0].ListExtentsAsync();
        await snapshot.VerifyIntactAsync(Cancellation);
        return extents;
    }
}
