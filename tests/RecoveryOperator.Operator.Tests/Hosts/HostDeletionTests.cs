using RecoveryOperator.Api.Hosts;
using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Operator.Tests.Hosts;

public class HostDeletionTests(Cluster cluster)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deleted_host_loses_its_grants_and_a_silent_one_delays_it_at_most(bool silent)
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        Assert.True(await world.Replicas.HasGrantAsync(id, Cancel));
        if (silent)
            await world.Agent.StopAsync();

        await world.Client.DeleteAsync<RecoveryHost>(new(world.Namespace, "host"), Cancel);
        await Eventually.HoldsAsync(async () => await world.Client.GetAsync<RecoveryHost>(new(world.Namespace, "host"), Cancel) is null, Cancel);

        Assert.False(await world.Replicas.HasGrantAsync(id, Cancel));
        Assert.Equal(silent ? [] : [id], world.Agent.Removed);
        Assert.NotNull(await world.ReadAsync("vm", Cancel));
    }
}
