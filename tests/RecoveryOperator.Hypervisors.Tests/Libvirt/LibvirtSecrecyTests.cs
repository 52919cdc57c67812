using RecoveryOperator.Hypervisors.Libvirt;
using RecoveryOperator.Hypervisors.Libvirt.Native;
using RecoveryOperator.Hypervisors.Tests.Conformance;

namespace RecoveryOperator.Hypervisors.Tests.Libvirt;

/// <summary>A replica's disk URL carries a grant: it must be nowhere but in the agent's own file.</summary>
[Collection(LibvirtHost.Collection)]
public sealed class LibvirtSecrecyTests(LibvirtHost host)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_grant_is_in_a_file_of_the_agents_own_and_not_in_the_machines_definition()
    {
        await using var bed = await ReplicaBed.CreateAsync(host);

        var replica = await bed.CreateAsync();

        Assert.DoesNotContain("sig=", replica.Definition.NativeDefinition, StringComparison.Ordinal);
        Assert.DoesNotContain("sig=", await host.VirshAsync(Cancellation, "dumpxml", replica.Id), StringComparison.Ordinal);
        var note = Path.Combine(host.GrantDirectory, $"ro-{replica.Id}-vault.json");
        Assert.Contains("sig=", await File.ReadAllTextAsync(note, Cancellation), StringComparison.Ordinal);
        Assert.Equal("600", (await LibvirtHost.RunAsync("stat", ["-c", "%a", note], Cancellation)).Trim());
        Assert.Equal("700 root", (await LibvirtHost.RunAsync("stat", ["-c", "%a %U", host.GrantDirectory], Cancellation)).Trim());
        await bed.Target.DeleteReplicaAsync(replica.Id, Cancellation);
        Assert.False(File.Exists(note));
    }

    [Fact]
    public async Task A_grant_that_was_lost_is_written_again_when_the_replica_is_asked_for_again()
    {
        await using var bed = await ReplicaBed.CreateAsync(host);
        var replica = await bed.CreateAsync();
        File.Delete(Path.Combine(host.GrantDirectory, $"ro-{replica.Id}-vault.json"));
        var refusal = await Assert.ThrowsAnyAsync<HypervisorException>(() => bed.Target.StartAsync(replica.Id, Cancellation));
        Assert.Contains("recover the machine again", refusal.Message, StringComparison.Ordinal);

        Assert.Equal(replica.Id, (await bed.CreateAsync()).Id);

        await bed.Target.StartAsync(replica.Id, Cancellation);
    }

    [Fact]
    public async Task Nothing_is_left_of_a_machine_that_somebody_else_deleted_or_that_did_not_come_to_be()
    {
        await using var bed = await ReplicaBed.CreateAsync(host);
        var replica = await bed.CreateAsync();
        await host.VirshAsync(Cancellation, "undefine", replica.Id);
        var broken = bed.Request.Definition with { NativeDefinition = bed.Request.Definition.NativeDefinition!.Replace("<vcpu", "<vcpu cpuset='none'", StringComparison.Ordinal) };

        await bed.Target.DeleteReplicaAsync(replica.Id, Cancellation);
        await Assert.ThrowsAnyAsync<HypervisorException>(() => bed.Target.CreateReplicaAsync(bed.Request with { Definition = broken }, null, Cancellation));

        Assert.Empty(Directory.GetFiles(host.GrantDirectory));
        Assert.Empty(Directory.GetFiles(host.StorageDirectory, $"ro-{replica.Id}*"));
    }

    [Fact]
    public async Task Two_attempts_at_one_replica_at_once_make_one_machine_with_whole_disks()
    {
        await using var bed = await ReplicaBed.CreateAsync(host);

        var replicas = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => bed.CreateAsync()));

        Assert.Single(replicas.Select(replica => replica.Id).Distinct());
        Assert.Equal(2, Directory.GetFiles(host.StorageDirectory, $"ro-{replicas[0].Id}*.qcow2").Length);
        foreach (var overlay in Directory.GetFiles(host.StorageDirectory, $"ro-{replicas[0].Id}*")) await LibvirtHost.RunAsync("qemu-img", ["check", overlay], Cancellation);
    }

    [Fact]
    public async Task An_error_about_an_unreachable_vault_does_not_carry_the_grant()
    {
        await using var bed = await ReplicaBed.CreateAsync(host);
        var disks = bed.Request.Disks.Select(disk => disk with { SnapshotUri = new Uri(disk.SnapshotUri.ToString().Replace("container/", "container/wrong-", StringComparison.Ordinal) + "x") });
        var replica = await bed.Target.CreateReplicaAsync(bed.Request with { Disks = [.. disks] }, null, Cancellation);

        var refusal = await Assert.ThrowsAnyAsync<HypervisorException>(() => bed.Target.StartAsync(replica.Id, Cancellation));

        Assert.DoesNotContain("sig=", refusal.ToString(), StringComparison.Ordinal);
        Assert.Contains(replica.Name, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("could not open 'http://h:1/a/b?snapshot=1&sig=x%2B'", "could not open 'http://h:1/a/b?(secret)'")]
    [InlineData("""{"url":"https://h/a?sig=1","node":"n"}""", """{"url":"https://h/a?(secret)","node":"n"}""")]
    [InlineData("domain is not running?", "domain is not running?")]
    public void Queries_are_cut_out_of_errors(string text, string expected) => Assert.Equal(expected, LibvirtError.Redact(text));

    [Fact]
    public void Names_of_checkpoints_are_read_back_and_owners_do_not_mix()
    {
        string[] names =
        [
            LibvirtNames.Checkpoint("a", new("s.1:x_y-2")),
            LibvirtNames.Checkpoint("a_b", new("1")),
            LibvirtNames.Checkpoint("a-b", new("2")),
            "nightly",
        ];

        Assert.Equal([new ChangeTrackingId("s.1:x_y-2")], LibvirtNames.OwnCheckpoints(names, "a"));
        Assert.Equal([new ChangeTrackingId("1")], LibvirtNames.OwnCheckpoints(names, "a_b"));
        Assert.All(names, name => Assert.Matches("^[a-zA-Z0-9_.-]+$", name));
    }
}
