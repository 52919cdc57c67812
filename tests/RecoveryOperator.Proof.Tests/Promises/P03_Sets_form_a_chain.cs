using RecoveryOperator.Proof.Tests.Model;
using RecoveryOperator.Replication;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Proof.Tests.Promises;

/// <summary>P3: sets form a chain per epoch and are applied in order. (Cut at any byte and repeated: the crash matrix of the applier and the model.)</summary>
public sealed class P03_Sets_form_a_chain
{
    [Fact]
    public Task A_set_that_does_not_follow_the_one_before_it_is_not_applied() => Promise.HoldsAsync(ScenarioAsync);

    [Fact]
    public Task Without_comparing_with_the_set_before_it_a_stray_set_becomes_a_point() =>
        Promise.BreaksWithoutAsync(Guard.Chain, ScenarioAsync);

    private static async Task ScenarioAsync(World world)
    {
        world.Fill(0, 1, 1);
        await world.SettleAsync();
        int points = (await world.Vault.ListPointsAsync(World.Token)).Count;
        SetManifest newest = world.Sets[world.Sets.Keys.Max()].Manifest;
        SetManifest stray = newest with { Sequence = newest.Sequence + 1, Attempt = Guid.NewGuid(), PreviousSha256 = new string('a', 64), Completes = Completes.None, Disks = [] };
        await new BlobLogStore(world.Grant, world.Storage(new HttpClient(world.Service, disposeHandler: false))).CommitAsync(stray, World.Token);

        using ApplierProcess applier = new(world, world.ApplierState);
        ApplyResult? result = await applier.RunAsync();

        Assert.True((await world.Vault.ListPointsAsync(World.Token)).Count == points, "a set that follows no other became a point");
        Assert.Equal(ApplyOutcome.Damaged, result?.Outcome);
    }
}
