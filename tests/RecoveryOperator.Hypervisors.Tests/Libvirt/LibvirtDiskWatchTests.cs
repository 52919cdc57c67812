using RecoveryOperator.Hypervisors.Tests.Conformance;

namespace RecoveryOperator.Hypervisors.Tests.Libvirt;

[Collection(LibvirtHost.Collection)]
public sealed class LibvirtDiskWatchTests(LibvirtHost host)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_disk_that_is_attached_or_grown_is_seen_at_once_and_nothing_else_is()
    {
        await using var machine = await TestMachine.CreateAsync(host, disks: 2);
        await using var other = await TestMachine.CreateAsync(host);
        await using var hypervisor = host.Open();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using var watch = hypervisor.WatchDisksAsync(ending.Token).GetAsyncEnumerator(ending.Token);
        var image = Path.Combine(host.StorageDirectory, $"{machine.Name}-new.qcow2");
        await LibvirtHost.RunAsync("qemu-img", ["create", "-q", "-f", "qcow2", image, "16M"], Cancellation);
        var next = watch.MoveNextAsync().AsTask();
        // Nobody's disks change: a snapshot and a write are no change.
        await ChangeTrackingConformance.CutFullAsync(hypervisor, machine, "c1");
        await other.WriteAsync(0, 0, 4096, 1);

        await host.VirshAsync(Cancellation, "attach-disk", machine.Id, image, "vdc", "--driver", "qemu", "--subdriver", "qcow2", "--targetbus", "virtio", "--live");
        Assert.Equal(machine.Id, await SeenAsync());
        await host.VirshAsync(Cancellation, "blockresize", machine.Id, "vdb", "32M");
        Assert.Equal(machine.Id, await SeenAsync());
        await host.VirshAsync(Cancellation, "blockresize", other.Id, "vda", "32M");
        Assert.Equal(other.Id, await SeenAsync());
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);

        async Task<string> SeenAsync()
        {
            Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
            var seen = watch.Current;
            next = watch.MoveNextAsync().AsTask();
            return seen;
        }
    }
}
