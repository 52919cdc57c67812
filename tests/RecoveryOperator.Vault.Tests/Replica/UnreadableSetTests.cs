using Azure.Storage.Blobs.Models;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Vault.Tests.Replica;

/// <summary>What an applier cannot read and that is no damage: it says which blob it waits for and what to do, and goes on once that is done.</summary>
public sealed class UnreadableSetTests(AzuriteFixture fixture)
{
    private const int MiB = 1024 * 1024;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("set")]
    [InlineData("segment")]
    public async Task A_blob_in_the_archive_tier_is_named_with_the_remedy_and_applied_when_it_is_back(string which)
    {
        using ReplicaScene scene = await SceneAsync();
        string blob = which == "set" ? VaultNames.Set(1, 2) : scene.Source.LastSegment!;
        await scene.Vault.Log.GetBlobClient(blob).SetAccessTierAsync(AccessTier.Archive, cancellationToken: Token);

        VaultException refused = await Assert.ThrowsAsync<VaultException>(scene.ApplyAllAsync);
        Assert.Equal(VaultFault.Unsupported, refused.Fault);
        Assert.Contains("BlobArchived", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith(blob, refused.Target, StringComparison.Ordinal);
        Assert.Contains("archive tier", refused.Remedy, StringComparison.Ordinal);
        Assert.Null((await scene.Vault.ReadAppliedAsync(Token))!.Damage);

        await scene.Vault.Log.GetBlobClient(blob).SetAccessTierAsync(AccessTier.Hot, cancellationToken: Token);
        Assert.Equal(ApplyOutcome.UpToDate, (await scene.ApplyAllAsync()).Outcome);
        await scene.AssertPointsAsync(1, 2);
    }

    [Fact]
    public async Task A_set_of_a_newer_version_is_named_with_both_versions_and_the_remedy_and_is_no_damage()
    {
        using ReplicaScene scene = await SceneAsync();
        byte[] content = (await scene.Vault.Log.GetBlobClient(VaultNames.Set(1, 2)).DownloadContentAsync(Token)).Value.Content.ToArray();
        await scene.Vault.Log.GetBlobClient(VaultNames.Set(1, 2)).UploadAsync(new BinaryData("{\"formatVersion\":9}"), overwrite: true, Token);

        VaultException refused = await Assert.ThrowsAsync<VaultException>(scene.ApplyAllAsync);
        Assert.Equal(VaultFault.Unsupported, refused.Fault);
        Assert.EndsWith(VaultNames.Set(1, 2), refused.Target, StringComparison.Ordinal);
        Assert.Contains("format version 9; this program reads up to 2", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Upgrade", refused.Remedy, StringComparison.Ordinal);

        await scene.Vault.Log.GetBlobClient(VaultNames.Set(1, 2)).UploadAsync(new BinaryData(content), overwrite: true, Token);
        await scene.ApplyAllAsync();
        await scene.AssertPointsAsync(1, 2);
    }

    private async Task<ReplicaScene> SceneAsync()
    {
        ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 51, MiB);
        await scene.Source.CommitAsync(Token);
        scene.Source.Write(0, 0, 200_000);
        await scene.Source.CommitAsync(Token);
        return scene;
    }
}
