using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Operator.Tests.ProtectedVMs;

public class GrantRenewalTests(Cluster cluster)
{
    private const string SealedWithoutFailover = """
        {"formatVersion":1,"direction":"Forward","activeSite":"site","epoch":1,"retentionHours":24,
         "epochs":[{"epoch":1,"parent":null,"sealedAtSequence":4}],"operations":[],"failover":null}
        """;

    private const string FailedOver = """
        {"formatVersion":1,"direction":"Forward","activeSite":"site-b","epoch":2,"retentionHours":24,
         "epochs":[{"epoch":1,"parent":null,"sealedAtSequence":4},{"epoch":2,"parent":null,"sealedAtSequence":null}],
         "operations":[{"id":"op-1","digest":"ab","type":"UnplannedFailover","state":"Succeeded","startedAt":"2026-01-01T00:00:00Z","finishedAt":"2026-01-01T00:01:00Z","result":null}],
         "failover":{"operationId":"op-1","site":"site-b","host":"host-b","machineId":"m-9","point":null,"committed":false}}
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_grant_of_a_host_that_nobody_hears_is_moved_forward()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        var (id, now) = await ShipForTwoMoreDaysAsync(world);
        await world.Agent.StopAsync();

        await world.StartOperatorAsync("cluster-1", Cancel);

        await Eventually.HoldsAsync(async () => await world.Replicas.GrantExpiryAsync(id, Cancel) > now.AddDays(6.9), Cancel);
    }

    [Fact]
    public async Task The_grant_of_an_epoch_that_ended_is_not_renewed()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        var (id, now) = await ShipForTwoMoreDaysAsync(world);
        await world.Replicas.WriteAsync(id, "journal.json", SealedWithoutFailover, Cancel);

        await world.StartOperatorAsync("cluster-1", Cancel);
        await world.WaitAsync("vm", s => s.Conditions.Any(c => c is { Type: "Stalled", Reason: "EpochEnded" }), Cancel);

        Assert.True(await world.Replicas.GrantExpiryAsync(id, Cancel) < now.AddDays(2.1));
    }

    [Fact]
    public async Task An_old_source_that_can_be_reached_is_told_once_that_its_epoch_ended()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        var (id, _) = await ShipForTwoMoreDaysAsync(world);
        await world.Replicas.WriteAsync(id, "journal.json", FailedOver, Cancel);

        await world.StartOperatorAsync("cluster-1", Cancel);
        await Eventually.HoldsAsync(() => !world.Agent.Fenced.IsEmpty, Cancel);

        var told = world.Agent.Fenced.First();
        Assert.Equal((id, 1L, 4L, "op-1"), (told.ProtectionId, told.Epoch, told.Sequence, told.OperationId));
        var status = await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.FailedOver, Cancel);
        Assert.Equal(2, status.Epoch);
    }

    private static async Task<(string Id, DateTimeOffset Now)> ShipForTwoMoreDaysAsync(TestWorld world)
    {
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        await world.StopOperatorAsync();
        var now = DateTimeOffset.UtcNow;
        await world.Replicas.SetGrantExpiryAsync(id, now.AddDays(2), Cancel);
        return (id, now);
    }
}
