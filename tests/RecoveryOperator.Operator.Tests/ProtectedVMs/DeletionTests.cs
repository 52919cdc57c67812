using RecoveryOperator.Api.ProtectedVMs;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Operator.Tests.ProtectedVMs;

public class DeletionTests(Cluster cluster)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DeletionPolicy.Retain)]
    [InlineData(DeletionPolicy.Delete)]
    public async Task The_host_releases_the_machine_its_grant_ends_and_the_policy_decides_on_the_replica(DeletionPolicy policy)
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel, s => s with { DeletionPolicy = policy });
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        Assert.True(await world.Replicas.HasGrantAsync(id, Cancel));

        await world.Client.DeleteAsync<ProtectedVM>(new(world.Namespace, "vm"), Cancel);
        await Eventually.HoldsAsync(async () => await world.ReadAsync("vm", Cancel) is null, Cancel);

        Assert.Equal([id], world.Agent.Removed);
        Assert.Equal(policy == DeletionPolicy.Retain, await world.Replicas.ExistsAsync(id, Cancel));
        if (policy == DeletionPolicy.Retain)
            Assert.False(await world.Replicas.HasGrantAsync(id, Cancel));
    }

    [Fact]
    public async Task A_silent_host_delays_deletion_and_never_prevents_it()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        var id = (await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.InitialReplication, Cancel)).ProtectionId!;
        await world.Agent.StopAsync();
        await world.WaitAsync("vm", s => s.Phase is ProtectionPhase.Unknown or ProtectionPhase.Enabling, Cancel);

        await world.Client.DeleteAsync<ProtectedVM>(new(world.Namespace, "vm"), Cancel);
        var waiting = await world.WaitAsync("vm", s => s.Phase == ProtectionPhase.Releasing, Cancel);

        Assert.Contains("Deletion waits until", waiting.Conditions.Single(c => c.Type == "Ready").Message, StringComparison.Ordinal);
        await Eventually.HoldsAsync(async () => await world.ReadAsync("vm", Cancel) is null, Cancel);
        Assert.False(await world.Replicas.HasGrantAsync(id, Cancel));
    }
}
