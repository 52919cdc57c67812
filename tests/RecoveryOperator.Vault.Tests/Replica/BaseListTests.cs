using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Host;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Vault.Tests.Replica;

public sealed class BaseListTests(AzuriteFixture fixture)
{
    private const int MiB = 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Many_base_segments_stand_in_lists_beside_a_small_manifest_and_are_applied_and_kept()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 51, 2 * MiB);
        scene.Source.Write(0, 0, 2 * MiB);
        StoredSet set = await scene.Source.CommitAsync(Token);
        SetDisk disk = Assert.Single(set.Manifest.Disks);
        Assert.Empty(disk.Base);
        Assert.Equal([3, 3, 3, 3, 3, 1], disk.BaseLists!.Select(list => list.Segments));
        string orphan = await scene.OrphanAsync(VaultNames.BaseList(1, 1, Guid.NewGuid(), 0, 0));

        await scene.ApplyAllAsync();
        await scene.AssertPointsAsync(1);
        Assert.True(await scene.HasLogAsync(disk.BaseLists![5].Blob), "The set names it.");
        Assert.True(await scene.HasLogAsync(scene.Source.LastSegment!), "A list of the set names it.");
        Assert.False(await scene.HasLogAsync(orphan), "Nobody names it.");
    }

    [Fact]
    public async Task A_damaged_list_is_damage_of_its_set()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 52, 2 * MiB);
        scene.Source.Write(0, 0, 2 * MiB);
        StoredSet set = await scene.Source.CommitAsync(Token);
        string list = set.Manifest.Disks[0].BaseLists![3].Blob;
        await scene.DamageLogAsync(list);
        ApplyResult result = await scene.ApplyAllAsync();
        Assert.Equal((ApplyOutcome.Damaged, list, true), (result.Outcome, result.Applied!.Damage!.Blob, result.Applied.Damage.RolledBack));
    }

    [Fact]
    public async Task A_set_that_names_blobs_which_are_not_its_segments_is_damage_whatever_they_hold()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 53, MiB);
        StoredSet first = await scene.Source.CommitAsync(Token);
        SegmentRecord stray = new(VaultNames.Set(1, 1), 100, first.Sha256, 0, Guid.NewGuid());
        SetManifest set = TestDocuments.Set(scene.Id, 2, first.Sha256, [new SetDisk(0, "vda", MiB, 0, [], [stray])]);
        await scene.Source.Store.CommitAsync(set, Token);
        ApplyResult result = await scene.ApplyAllAsync();
        Assert.Equal((ApplyOutcome.Damaged, 1), (result.Outcome, result.SetsApplied));
        Assert.Contains("it should be", result.Applied!.Damage!.Reason, StringComparison.Ordinal);
    }
}
