using RecoveryOperator.Hypervisors.Libvirt;
using RecoveryOperator.Hypervisors.Tests.Conformance;

namespace RecoveryOperator.Hypervisors.Tests.Libvirt;

/// <summary>A machine at rest is found without a backup job, and no write is lost for it (docs/engine.md, "A machine at rest").</summary>
[Collection(LibvirtHost.Collection)]
public sealed class LibvirtRestTests(LibvirtHost host)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_machine_at_rest_is_found_without_a_job_and_the_next_writes_are_in_the_next_set()
    {
        await using var machine = await TestMachine.CreateAsync(host, disks: 2);
        await using var hypervisor = host.Open(host.Options);
        await machine.WriteAsync(0, 0, 4096, 0x11);
        var replicas = await ChangeTrackingConformance.CutFullAsync(hypervisor, machine, "c0");

        Assert.True(await CutAsync(hypervisor, machine, 1, replicas));
        Assert.True(await CutAsync(hypervisor, machine, 2, replicas));
        await machine.WriteAsync(1, 3 << 20, 4096, 0x12);
        Assert.False(await CutAsync(hypervisor, machine, 3, replicas));
        Assert.True(await CutAsync(hypervisor, machine, 4, replicas));

        AssertSame(machine, replicas);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_write_between_the_looks_and_the_new_checkpoint_is_not_lost(int step)
    {
        await using var machine = await TestMachine.CreateAsync(host, disks: 2);
        await using var hypervisor = host.Open(host.Options);
        var replicas = await ChangeTrackingConformance.CutFullAsync(hypervisor, machine, "c0");
        WriteOnceAfter(hypervisor.Rest, step, machine);

        Assert.False(await CutAsync(hypervisor, machine, 1, replicas));
        AssertSame(machine, replicas);
        Assert.Equal(["c0", "c1"], (await hypervisor.ListCheckpointsAsync(machine.Id, machine.Owner, Cancellation)).Select(id => id.Value));
        Assert.True(await CutAsync(hypervisor, machine, 2, replicas));
    }

    [Fact]
    public async Task Without_the_second_look_a_write_between_the_first_and_the_checkpoint_is_lost()
    {
        await using var machine = await TestMachine.CreateAsync(host, disks: 2);
        await using var hypervisor = host.Open(host.Options);
        var replicas = await ChangeTrackingConformance.CutFullAsync(hypervisor, machine, "c0");
        WriteOnceAfter(hypervisor.Rest, 1, machine);
        hypervisor.Rest.LooksAgain = false;

        Assert.True(await CutAsync(hypervisor, machine, 1, replicas));
        await CutAsync(hypervisor, machine, 2, replicas);

        Assert.False(machine.Contents[1].AsSpan().SequenceEqual(replicas[1]), "the guard behind P2 was switched off, and nothing was lost: it guards nothing");
    }

    [Fact]
    public async Task Who_may_read_anything_gets_a_job_whether_or_not_something_changed()
    {
        await using var machine = await TestMachine.CreateAsync(host);
        await using var hypervisor = host.Open(host.Options);
        await machine.WriteAsync(0, 0, 4096, 0x13);
        await ChangeTrackingConformance.CutFullAsync(hypervisor, machine, "c0");

        await using (var snapshot = await hypervisor.BeginSnapshotAsync(machine.Id, machine.Request("c0", "c1"), Cancellation))
        {
            var first = new byte[4096];
            await snapshot.Disks[0].ReadAsync(0, first, Cancellation);
            Assert.All(first, value => Assert.Equal(0x13, value));
        }

        var quiesced = machine.Request("c1", "c2") with { ReadsChangesOnly = true, QuiesceWithin = TimeSpan.FromSeconds(1) };
        await using var tried = await hypervisor.BeginSnapshotAsync(machine.Id, quiesced, Cancellation);
        Assert.NotNull(tried.Consistency.Reason);
    }

    [Fact]
    public async Task A_lost_checkpoint_is_lost_tracking_here_too()
    {
        await using var machine = await TestMachine.CreateAsync(host);
        await using var hypervisor = host.Open(host.Options);
        await ChangeTrackingConformance.CutFullAsync(hypervisor, machine, "c0");

        await Assert.ThrowsAsync<ChangeTrackingLostException>(() => hypervisor.BeginSnapshotAsync(
            machine.Id, machine.Request("gone", "c1") with { ReadsChangesOnly = true }, Cancellation));
    }

    /// <summary>Cuts since the cut before; says whether no job was needed.</summary>
    private static async Task<bool> CutAsync(LibvirtHypervisor hypervisor, TestMachine machine, int number, byte[][] replicas)
    {
        await using var snapshot = await hypervisor.BeginSnapshotAsync(
            machine.Id, machine.Request($"c{number - 1}", $"c{number}") with { ReadsChangesOnly = true }, Cancellation);
        Assert.Equal(replicas.Length, snapshot.Disks.Count);
        foreach (var disk in snapshot.Disks) await disk.CopyToAsync(replicas[disk.Index]);
        await snapshot.VerifyIntactAsync(Cancellation);
        return snapshot is UnchangedSnapshot;
    }

    private static void WriteOnceAfter(RestCheck rest, int step, TestMachine machine) => rest.AfterStep = done =>
    {
        if (done != step) return;
        rest.AfterStep = null;
        machine.WriteAsync(1, 5 << 20, 64 << 10, 0x21).GetAwaiter().GetResult();
    };

    private static void AssertSame(TestMachine machine, byte[][] replicas)
    {
        for (var i = 0; i < replicas.Length; i++) SnapshotReading.AssertSame(machine.Contents[i], replicas[i], $"disk {i}");
    }
}
