using System.Security.Cryptography;
using System.Text;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.EndToEnd.Tests.World;

namespace RecoveryOperator.EndToEnd.Tests;

/// <summary>An encrypted vault with the whole product: switched on while a machine replicates, its key taken away and given back.</summary>
[Collection(ProductWorld.Collection)]
public sealed class EncryptionTests
{
    [Fact]
    public Task Logs_of_an_encrypted_vault_are_dark_and_a_key_that_is_away_holds_up_only_new_points() => ProductWorld.RunAsync("images", async world =>
    {
        await world.ProtectAsync();
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(world.Folder, "vault-agent-keys")).FullName, "current");
        await File.WriteAllTextAsync(file, key, world.CancellationToken);
        await world.Cluster.RunAsync("create", "secret", "generic", "vault-encryption", $"--from-literal=key={key}");
        await world.Cluster.RunAsync("patch", "rvault", "vault", "--type=merge", "-p", """{"spec":{"encryption":{"keySecretRef":{"name":"vault-encryption","key":"key"}}}}""");
        await Until.HoldsAsync(120, "encrypted sets are points", async () => await AppliedEncryptedAsync(world) >= 2, world.CancellationToken);
        await HasConditionAsync(world, "rvault/vault", "EncryptionReady=True KeyReady");
        await AssertDarkAsync(world);
        await RecoveryProof.PointsGrowAsync(world);

        File.Delete(file);
        await HasConditionAsync(world, "pvm/web-1", "Recoverable=True KeyMissing");
        await HasConditionAsync(world, "rvault/vault", "EncryptionReady=False AgentLacksKey");
        var applied = await world.Vault.AppliedSequenceAsync();
        await Until.HoldsAsync(90, "sets are committed without points", async () => await world.Vault.CommittedSequenceAsync() >= applied + 2, world.CancellationToken);
        Assert.Equal(applied, await world.Vault.AppliedSequenceAsync());
        Assert.True(await ReplicatesAsync(world));

        await File.WriteAllTextAsync(file, key, world.CancellationToken);
        await Until.HoldsAsync(90, "what waited is applied", async () => await world.Vault.AppliedSequenceAsync() >= applied + 2, world.CancellationToken);
        await HasConditionAsync(world, "pvm/web-1", "Recoverable=True PointConfirmed");
        await RecoveryProof.PointsGrowAsync(world);
        foreach (var log in Directory.GetFiles(Path.Combine(world.Folder, "logs"), "*.log"))
            Assert.DoesNotContain(key[..20], await ReadAsync(log), StringComparison.Ordinal);
    });

    private static Task HasConditionAsync(ProductWorld world, string resource, string condition) => Until.HoldsAsync(
        150, $"{resource} has {condition}", async () => (await world.Cluster.ConditionsAsync(resource)).Contains(condition, StringComparison.Ordinal), world.CancellationToken);

    private static async Task<bool> ReplicatesAsync(ProductWorld world) =>
        (await world.Cluster.ConditionsAsync("pvm/web-1")).Contains("Replicating=True", StringComparison.Ordinal);

    private static async Task<int> AppliedEncryptedAsync(ProductWorld world)
    {
        var applied = await world.Vault.AppliedSequenceAsync();
        return (await world.Vault.SetsAsync()).Count(set => set.Sequence <= applied && set.DataKeys is { Count: > 0 });
    }

    /// <summary>Every segment of an encrypted set is encrypted, and shows no record of the guest.</summary>
    private static async Task AssertDarkAsync(ProductWorld world)
    {
        foreach (var segment in (await world.Vault.SetsAsync()).Where(set => set.DataKeys is not null).SelectMany(set => set.Disks).SelectMany(disk => disk.Segments))
        {
            var content = await world.Vault.LogAsync(segment.Blob);
            Assert.True(SegmentHeader.IsEncrypted(content), $"{segment.Blob} is in the clear");
            Assert.DoesNotMatch("HB [0-9]+ [0-9]+", Encoding.Latin1.GetString(content));
        }
    }

    private static async Task<string> ReadAsync(string path)
    {
        await using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using StreamReader reader = new(file);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
