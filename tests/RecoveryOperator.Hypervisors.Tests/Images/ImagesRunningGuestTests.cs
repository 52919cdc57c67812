using RecoveryOperator.Hypervisors.Images;
using RecoveryOperator.Hypervisors.Images.Guest;
using RecoveryOperator.Hypervisors.Tests.Conformance;

namespace RecoveryOperator.Hypervisors.Tests.Images;

public sealed class ImagesRunningGuestTests : IDisposable
{
    private static readonly long[] DiskBytes = [4 << 20, 12 << 20];
    private readonly ImagesBed bed = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => bed.Dispose();

    [Fact]
    public async Task A_replica_kept_by_deltas_of_a_running_guest_holds_whole_beats_only_and_never_goes_back()
    {
        var machine = bed.CreateMachine("web", DiskBytes);
        await using var hypervisor = bed.Open(bed.Options with { GuestCommand = GuestEntryPoint.Command });
        await hypervisor.StartAsync(machine.Id, Cancellation);
        byte[][] replica = [new byte[DiskBytes[0]], new byte[DiskBytes[1]]];
        var replicaMachine = bed.CreateMachine("replica", DiskBytes);
        long last = 0;
        for (var cut = 0; cut < 12 || last < 12; cut++)
        {
            await CutAsync(hypervisor, machine, cut, replica);

            var (first, second) = Scan(replicaMachine, replica);
            Assert.Equal(first, second);
            Assert.Equal(0, first.Holes);
            Assert.True(first.LastOfPrefix >= last, $"cut {cut} went back from record {last} to {first.LastOfPrefix}");
            last = first.LastOfPrefix;
        }

        Assert.True(await hypervisor.ShutDownAsync(machine.Id, TimeSpan.FromSeconds(20), Cancellation));
        await CutAsync(hypervisor, machine, 1000, replica, since: (await hypervisor.ListCheckpointsAsync(machine.Id, "owner-1", Cancellation))[^1]);
        for (var disk = 0; disk < replica.Length; disk++)
        {
            SnapshotReading.AssertSame(await File.ReadAllBytesAsync(bed.PathOf(machine, disk), Cancellation), replica[disk], $"disk {disk}");
        }
    }

    private static async Task CutAsync(
        ImagesHypervisor hypervisor, VirtualMachine machine, int cut, byte[][] replica, ChangeTrackingId? since = null)
    {
        var from = since?.Value ?? (cut == 0 ? null : $"c{cut - 1}");
        await using (var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, ImagesChangesTests.Request(from, $"c{cut}"), Cancellation))
        {
            foreach (var disk in snapshot.Disks)
            {
                await disk.CopyToAsync(replica[disk.Index]);
            }

            await snapshot.VerifyIntactAsync(Cancellation);
        }

        await hypervisor.CommitCheckpointAsync(machine.Id, "owner-1", new($"c{cut}"), Cancellation);
    }

    private (HeartbeatScan First, HeartbeatScan Second) Scan(VirtualMachine target, byte[][] replica)
    {
        File.WriteAllBytes(bed.PathOf(target, 0), replica[0]);
        File.WriteAllBytes(bed.PathOf(target, 1), replica[1]);
        using var first = File.OpenHandle(bed.PathOf(target, 0));
        using var second = File.OpenHandle(bed.PathOf(target, 1));
        return (HeartbeatArea.OnFirstDisk(first).Scan(), HeartbeatArea.OnSecondDisk(second).Scan());
    }
}
