using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;
using Agent = RecoveryOperator.Protocol;

namespace RecoveryOperator.Operator.Tests.ProtectedVMs;

public class LifecycleTests(Cluster cluster)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_machine_goes_from_enabling_to_protected_and_then_its_status_rests()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);

        var copying = await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel);
        var id = copying.ProtectionId!;
        world.Agent.Report(id, s => s.Initial = new() { Disk = 1, Disks = 1, BytesDone = 42, BytesTotal = 100 });
        var progress = (await world.WaitAsync("vm", s => s.Progress?.Percent == 42, Cancel)).Progress!;
        Assert.Equal((42L, 100L, 1, 1), (progress.BytesDone, progress.BytesTotal, progress.Disk, progress.Disks));

        world.Agent.Report(id, s => (s.Phase, s.CommittedSequence, s.Initial) = (Agent.ProtectionPhase.Replicating, 1, null));
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Finalizing, Cancel);
        await world.Replicas.ApplyAsync(id, 1, DateTimeOffset.UtcNow, Cancel);
        var settled = await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Protected, Cancel);

        Assert.Equal((ReplicationHealth.Normal, RpoBand.Met, 1L, "host", "m-1"), (settled.Health, settled.Rpo, settled.LastRecoveryPoint!.Sequence, settled.Host, settled.MachineId));
        Assert.Null(settled.Progress);
        Assert.Equal(["vda"], settled.Disks.Select(d => d.Name));
        Assert.All(settled.Conditions, c => Assert.Equal(
            c.Type switch { "Reconciling" or "Stalled" or "ResyncRequired" => "False", "ReplicaVerified" or "TargetUsable" or "RecoveredReadsVerified" => "Unknown", _ => "True" }, c.Status));
        var put = Assert.Single(world.Agent.Puts);
        Assert.Contains("sig=", put.LogContainerUri, StringComparison.Ordinal);
        await Eventually.HoldsAsync(async () => (await world.EventsAsync("vm", Cancel)).Any(e => e.Reason == "Protected"), Cancel);

        // Two more sets and several visits: nothing that a person would notice changed, so nothing is written.
        var label = await world.Client.MergePatchAsync<ProtectedVM>(new(world.Namespace, "vm"), """{"metadata":{"labels":{"visit":"again"}}}""", null, Cancel);
        world.Agent.Report(id, s => s.CommittedSequence = 3);
        await world.Replicas.ApplyAsync(id, 3, DateTimeOffset.UtcNow, Cancel);
        await world.ProtectAsync("second", Cancel, spec => spec with { Vm = new() { Id = "m-1" } });
        await world.WaitAsync("second", second => second.Conditions.Any(c => c.Reason == "MachineClaimed"), Cancel);
        Assert.Equal(label.Metadata.ResourceVersion, (await world.ReadAsync("vm", Cancel))!.Metadata.ResourceVersion);
        Assert.Single(world.Agent.Puts);
    }

    [Fact]
    public async Task A_new_operator_adopts_what_is_there_and_hands_over_the_same()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        world.Agent.Report(id, s => (s.Phase, s.CommittedSequence) = (Agent.ProtectionPhase.Replicating, 1));
        await world.Replicas.ApplyAsync(id, 1, DateTimeOffset.UtcNow, Cancel);
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Protected, Cancel);
        var journal = await world.Replicas.ReadAsync(id, "journal.json", Cancel);
        await world.StopOperatorAsync();

        await world.StartOperatorAsync("cluster-1", Cancel);
        await Eventually.HoldsAsync(() => world.Agent.Puts.Count == 2, Cancel);

        var puts = world.Agent.Puts.ToArray();
        Assert.Equal((puts[0].LogContainerUri, puts[0].Epoch, puts[0].Machine), (puts[1].LogContainerUri, puts[1].Epoch, puts[1].Machine));
        Assert.Equal(journal, await world.Replicas.ReadAsync(id, "journal.json", Cancel));
        Assert.Equal(ProtectionPhase.Protected, (await world.ReadAsync("vm", Cancel))!.Status!.Phase);
    }

    [Fact]
    public async Task A_fenced_source_is_never_given_anything_again()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        await world.StopOperatorAsync();
        await world.Replicas.WriteAsync(
            id,
            "journal.json",
            """
            {"formatVersion":1,"direction":"Forward","activeSite":"site-b","epoch":2,"retentionHours":24,
             "epochs":[{"epoch":1,"parent":null,"sealedAtSequence":4},{"epoch":2,"parent":null,"sealedAtSequence":null}],
             "operations":[{"id":"op-1","digest":"ab","type":"UnplannedFailover","state":"Succeeded","startedAt":"2026-01-01T00:00:00Z","finishedAt":"2026-01-01T00:01:00Z","result":null}],
             "failover":{"operationId":"op-1","site":"site-b","host":"host-b","machineId":"m-9","point":null,"committed":false}}
            """,
            Cancel);
        var puts = world.Agent.Puts.Count;

        await world.StartOperatorAsync("cluster-1", Cancel);
        var status = await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.FailedOver, Cancel);

        Assert.Equal(2, status.Epoch);
        Assert.Equal(puts, world.Agent.Puts.Count);
    }

    [Fact]
    public async Task A_silent_agent_makes_what_it_reported_unknown_and_its_return_makes_it_known()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        world.Agent.Report(id, s => (s.Phase, s.CommittedSequence) = (Agent.ProtectionPhase.Replicating, 1));
        await world.Replicas.ApplyAsync(id, 1, DateTimeOffset.UtcNow, Cancel);
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Protected, Cancel);

        await world.Agent.StopAsync();
        var silent = await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Unknown, Cancel);
        Assert.Equal("True", silent.Conditions.Single(c => c.Type == "Recoverable").Status);
        Assert.Equal("Unknown", silent.Conditions.Single(c => c.Type == "Replicating").Status);

        await world.Agent.StartAsync(Cancel);
        await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Protected, Cancel);
    }
}
