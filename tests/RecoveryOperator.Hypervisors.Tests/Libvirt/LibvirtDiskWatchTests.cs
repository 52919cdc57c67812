using System.Collections.Concurrent;
using System.Globalization;
using RecoveryOperator.Hypervisors.Tests.Conformance;

namespace RecoveryOperator.Hypervisors.Tests.Libvirt;

[Collection(LibvirtHost.Collection)]
public sealed class LibvirtDiskWatchTests(LibvirtHost host)
{
    private readonly ConcurrentQueue<string> _seen = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_disk_that_is_grown_is_seen_at_once_and_nothing_else_is()
    {
        await using var machine = await TestMachine.CreateAsync(host, disks: 2);
        await using var first = await TestMachine.CreateAsync(host);
        await using var hypervisor = host.Open();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var watching = WatchAsync(hypervisor, ending.Token);
        try
        {
            // What was before the watch's first look is not seen: grown until it is, the other machine shows that it looks.
            for (var mebibytes = 17; _seen.IsEmpty; mebibytes++)
                await host.VirshAsync(Cancellation, "blockresize", first.Id, "vda", string.Create(CultureInfo.InvariantCulture, $"{mebibytes}M"));
            _seen.Clear();

            // A snapshot, a checkpoint and a write are no change of disks.
            await ChangeTrackingConformance.CutFullAsync(hypervisor, machine, "c1");
            await machine.WriteAsync(0, 0, 4096, 1);
            await host.VirshAsync(Cancellation, "blockresize", machine.Id, "vdb", "32M");
            await AgentGuest.UntilAsync(() => Task.FromResult(_seen.Contains(machine.Id)));
            Assert.Single(_seen, id => id == machine.Id);
        }
        finally
        {
            await ending.CancelAsync();
            await watching;
        }
    }

    private async Task WatchAsync(IHypervisor hypervisor, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var machine in hypervisor.WatchDisksAsync(cancellationToken)) _seen.Enqueue(machine);
        }
        catch (OperationCanceledException)
        {
            // Asked for.
        }
    }
}
