using Azure.Storage.Blobs.Models;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Encryption;
using RecoveryOperator.Vault.Replica;
using RecoveryOperator.Vault.Tests.Replica;

namespace RecoveryOperator.Vault.Tests.Encryption;

/// <summary>Encrypted sets on a real blob service, with keys that come, go and change.</summary>
public sealed class EncryptedReplicaTests(AzuriteFixture fixture)
{
    private const int Disk = 5 * 65536 + 100;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Encrypted_sets_become_points_and_the_log_container_holds_none_of_their_content()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 801, Disk, Disk);
        KeyRack rack = new(scene.Vault);
        KeyEncryptionKey kek = KeyRack.NewKeyEncryptionKey();
        rack.Held.Add(kek);
        scene.Source.Key = await rack.WrapAsync(kek);
        scene.Source.Write(0, 0, Disk);
        scene.Source.Write(1, 70_000, 100_000);
        await scene.Source.CommitAsync(Token);
        scene.Source.Zero(0, 65536, 65536);
        scene.Source.Write(1, 0, 10);
        await scene.Source.CommitAsync(Token);
        await scene.Source.CommitAsync(Token);

        ApplyResult result = await scene.ApplyAllAsync(rack);

        Assert.Equal((ApplyOutcome.UpToDate, 3), (result.Outcome, result.SetsApplied));
        Assert.True(result.Applied!.Encrypted);
        await scene.AssertPointsAsync(1, 2, 3);
        byte[] written = scene.Source.Instants[(1, 1)][0].AsSpan(1000, 24).ToArray();
        List<byte[]> logs = await LogsAsync(scene);
        Assert.True(logs.Count >= 5);
        Assert.All(logs, log => Assert.True(log.AsSpan().IndexOf(written) < 0, "a log holds what the source wrote"));
    }

    [Fact]
    public async Task A_missing_key_is_waited_for_and_named_and_never_damage()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 802, Disk);
        (KeyRack rack, KeyEncryptionKey kek) = await EncryptAsync(scene);
        scene.Source.Write(0, 100, 100);
        await scene.Source.CommitAsync(Token);

        rack.Held.Clear();
        VaultException none = await AssertWaitsAsync(scene, rack);
        rack.Held.Add(KeyRack.NewKeyEncryptionKey());
        VaultException wrong = await AssertWaitsAsync(scene, rack);

        Assert.Contains($"Data key {scene.Source.Key!.Id} is wrapped by key-encryption key {kek.Id}; this vault agent has no key-encryption key (there is no file '/keys/kek')", none.Message, StringComparison.Ordinal);
        Assert.Contains($"this vault agent has key-encryption key {rack.Held[0].Id}", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("EncryptionKeyFiles", wrong.Remedy, StringComparison.Ordinal);
        rack.Held.Add(kek);
        Assert.Equal(ApplyOutcome.UpToDate, (await scene.ApplyAllAsync(rack)).Outcome);
        await scene.AssertPointsAsync(1, 2);
    }

    [Fact]
    public async Task Keys_are_rotated_without_a_set_that_cannot_be_read()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 803, Disk);
        KeyRack rack = new(scene.Vault);
        KeyEncryptionKey first = KeyRack.NewKeyEncryptionKey();
        KeyEncryptionKey second = KeyRack.NewKeyEncryptionKey();
        rack.Held.Add(first);
        DataKey before = scene.Source.Key = await rack.WrapAsync(first);
        scene.Source.Write(0, 0, Disk);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync(rack);
        scene.Source.Write(0, 0, 10);
        await scene.Source.CommitAsync(Token);

        // The key-encryption key changes while set 2 waits; the data key changes before set 3.
        await rack.WrapAsync(second, before);
        scene.Source.Key = await rack.WrapAsync(second);
        scene.Source.Write(0, 70_000, 10);
        await scene.Source.CommitAsync(Token);
        await AssertWaitsAsync(scene, rack);
        rack.Held.Add(second);
        rack.Held.Remove(first);
        ApplyResult result = await scene.ApplyAllAsync(rack);

        Assert.Equal((ApplyOutcome.UpToDate, 2), (result.Outcome, result.SetsApplied));
        Assert.NotEqual(before.Id, scene.Source.Key.Id);
        await scene.AssertPointsAsync(1, 2, 3);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_set_may_complete_a_copy_that_began_in_the_clear_or_under_another_key(bool otherKey)
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 804, Disk);
        KeyRack rack = new(scene.Vault);
        KeyEncryptionKey kek = KeyRack.NewKeyEncryptionKey();
        rack.Held.Add(kek);
        if (otherKey)
            scene.Source.BaseKey = await rack.WrapAsync(kek);
        else
            scene.Source.HidesKey = true;
        scene.Source.Write(0, 0, Disk);
        scene.Source.Key = otherKey ? await rack.WrapAsync(kek) : null;
        await scene.Source.CommitAsync(Token);
        scene.Source.HidesKey = false;
        scene.Source.Key = await rack.WrapAsync(kek);
        scene.Source.Write(0, 0, 10);
        await scene.Source.CommitAsync(Token);

        await scene.ApplyAllAsync(rack);

        await scene.AssertPointsAsync(1, 2);
        Assert.True((await scene.Vault.ReadAppliedAsync(Token))!.Encrypted);
    }

    [Fact]
    public async Task A_set_in_the_clear_behind_an_encrypted_one_is_not_the_hosts()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 805, Disk);
        KeyRack rack = new(scene.Vault);
        KeyEncryptionKey kek = KeyRack.NewKeyEncryptionKey();
        rack.Held.Add(kek);
        scene.Source.Key = await rack.WrapAsync(kek);
        scene.Source.Write(0, 0, Disk);
        await scene.Source.CommitAsync(Token);
        scene.Source.Key = null;
        scene.Source.Write(0, 0, 10);
        await scene.Source.CommitAsync(Token);

        ApplyResult result = await scene.ApplyAllAsync(rack);

        Assert.Equal(ApplyOutcome.Damaged, result.Outcome);
        Assert.Contains("in the clear", result.Applied!.Damage!.Reason, StringComparison.Ordinal);
        Assert.Equal([1], (await scene.Vault.ListPointsAsync(Token)).Select(point => point.Sequence));
    }

    [Fact]
    public async Task Lost_and_changed_key_documents_are_told_apart_and_waited_for()
    {
        using ReplicaScene scene = await ReplicaScene.CreateAsync(fixture, 806, Disk);
        (KeyRack rack, KeyEncryptionKey kek) = await EncryptAsync(scene);
        scene.Source.Write(0, 0, 10);
        await scene.Source.CommitAsync(Token);
        KeysDocument whole = (await scene.Vault.ReadKeysAsync(Token))!.Value;

        await rack.WriteAsync([]);
        VaultException lost = await AssertWaitsAsync(scene, rack);
        byte[] wrapped = Convert.FromBase64String(whole.Keys[0].Wrapped);
        wrapped[20] ^= 1;
        await rack.WriteAsync([whole.Keys[0] with { Wrapped = Convert.ToBase64String(wrapped) }]);
        VaultException changed = await AssertWaitsAsync(scene, rack);
        await rack.WriteAsync([KeyRack.Wrap(kek, scene.Source.Key!, AzuriteFixture.NewId())]);
        await AssertWaitsAsync(scene, rack);
        await rack.WriteAsync(whole.Keys);

        Assert.Contains("does not have it", lost.Message, StringComparison.Ordinal);
        Assert.Contains("was changed", changed.Message, StringComparison.Ordinal);
        Assert.Equal(ApplyOutcome.UpToDate, (await scene.ApplyAllAsync(rack)).Outcome);
        await scene.AssertPointsAsync(1, 2);
    }

    [Fact]
    public void A_set_of_a_format_that_does_not_exist_yet_is_no_damage_and_other_documents_have_only_format_1()
    {
        SetManifest manifest = TestDocuments.Set(AzuriteFixture.NewId(), 1, null, []) with { FormatVersion = 2, DataKeys = ["x"] };

        Assert.Equal(["x"], VaultJson.Read<SetManifest>(VaultJson.Write(manifest), "set.json").DataKeys!);
        Assert.Equal(VaultFault.Unsupported, Refused<SetManifest>(manifest with { FormatVersion = 3 }));
        Assert.Equal(VaultFault.Unsupported, Refused<AppliedDocument>(new AppliedDocument { FormatVersion = 2 }));
        Assert.DoesNotContain("dataKeys", System.Text.Encoding.UTF8.GetString(VaultJson.Write(manifest with { DataKeys = null })), StringComparison.Ordinal);

        static VaultFault Refused<T>(T document) => Assert.Throws<VaultException>(() => VaultJson.Read<T>(VaultJson.Write(document), "blob")).Fault;
    }

    /// <summary>A first set under a new key, applied.</summary>
    private static async Task<(KeyRack Rack, KeyEncryptionKey Kek)> EncryptAsync(ReplicaScene scene)
    {
        KeyRack rack = new(scene.Vault);
        KeyEncryptionKey kek = KeyRack.NewKeyEncryptionKey();
        rack.Held.Add(kek);
        scene.Source.Key = await rack.WrapAsync(kek);
        scene.Source.Write(0, 0, Disk);
        await scene.Source.CommitAsync(Token);
        await scene.ApplyAllAsync(rack);
        return (rack, kek);
    }

    /// <summary>Nothing but a fault comes of it: no damage, no point, no place taken.</summary>
    private static async Task<VaultException> AssertWaitsAsync(ReplicaScene scene, KeyRack rack)
    {
        AppliedDocument before = (await scene.Vault.ReadAppliedAsync(Token))!;
        VaultException fault = await Assert.ThrowsAsync<VaultException>(() => scene.ApplyAllAsync(rack));
        AppliedDocument after = (await scene.Vault.ReadAppliedAsync(Token))!;
        Assert.Equal(VaultFault.KeyMissing, fault.Fault);
        Assert.Null(after.Damage);
        Assert.Equal((before.Sequence, before.PointCount), (after.Sequence, after.PointCount));
        int blobs = 0;
        await foreach (BlobItem _ in scene.Vault.Replica.GetBlobsAsync(new GetBlobsOptions { Prefix = "points/" }, Token))
            blobs++;
        Assert.Equal(before.PointCount, blobs);
        return fault;
    }

    private static async Task<List<byte[]>> LogsAsync(ReplicaScene scene)
    {
        List<byte[]> logs = [];
        await foreach (BlobItem blob in scene.Vault.Log.GetBlobsAsync(cancellationToken: Token))
        {
            if (blob.Name.EndsWith(".hrl", StringComparison.Ordinal))
                logs.Add((await scene.Vault.Log.GetBlobClient(blob.Name).DownloadContentAsync(Token)).Value.Content.ToArray());
        }

        return logs;
    }
}
