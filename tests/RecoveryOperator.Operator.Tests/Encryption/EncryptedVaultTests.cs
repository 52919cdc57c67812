using System.Text.Json;
using k8s.Models;
using RecoveryOperator.Api.Vaults;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Operator.Tests.Fixtures;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Encryption;

namespace RecoveryOperator.Operator.Tests.Encryption;

/// <summary>The operator with encrypted vaults: a real API server, a real blob service, an agent that remembers what it was given.</summary>
public class EncryptedVaultTests(Cluster cluster)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_machine_gets_a_data_key_that_only_the_vault_and_its_host_know()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        var kek = await GiveKeyAsync(world, "kek-1");
        await EncryptAsync(world, """{"keySecretRef":{"name":"kek-1","key":"key"}}""");
        await world.ProtectAsync("vm", Cancel);

        var (id, put) = await PutAsync(world, 1);

        var entry = Assert.Single((await KeysAsync(world, id)).Keys);
        var key = kek.TryUnwrap(entry, ProtectionId.Parse(id))!;
        Assert.Equal((key.Id.ToString(), DataKeyState.Active), (put.PayloadKey.Id, entry.State));
        Assert.Equal(key.Secret.ToArray(), put.PayloadKey.Key.ToByteArray());
        var vault = await WaitVaultAsync(world, v => v.Status?.Encryption is { VmsUnderOlderKeys: 0 });
        Assert.Equal(("True", "KeyReadable", kek.Id.ToString()), (Condition(vault).Status, Condition(vault).Reason, vault.Status!.Encryption!.KeyId));
        var shown = JsonSerializer.Serialize(await world.ReadAsync("vm", Cancel)) + JsonSerializer.Serialize(vault)
            + JsonSerializer.Serialize(await world.EventsAsync("vm", Cancel)) + JsonSerializer.Serialize(await world.EventsAsync("vault", Cancel))
            + await world.Replicas.ReadAsync(id, "keys.json", Cancel) + put;
        Assert.DoesNotContain(Convert.ToBase64String(key.Secret)[..20], shown, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToHexString(key.Secret)[..20], shown, StringComparison.OrdinalIgnoreCase);

        // A new process hands over the same key.
        await world.StopOperatorAsync();
        await world.StartOperatorAsync("cluster-1", Cancel);
        Assert.Equal(put.PayloadKey, (await PutAsync(world, 2)).Put.PayloadKey);
    }

    [Fact]
    public async Task A_missing_key_is_a_condition_nothing_is_handed_over_in_the_clear_and_it_goes_on_by_itself()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await EncryptAsync(world, """{"keySecretRef":{"name":"kek-1","key":"key"}}""");
        await world.ProtectAsync("vm", Cancel);

        var open = await world.WaitAsync("vm", s => s.Conditions.Any(c => c is { Type: "Replicating", Reason: "KeySecretNotFound" }), Cancel);
        Assert.Contains("kek-1", open.Conditions.Single(c => c.Type == "Replicating").Message, StringComparison.Ordinal);
        Assert.Equal("KeySecretNotFound", Condition(await WaitVaultAsync(world, v => Condition(v) is { Status: "False" })).Reason);
        await world.SecretAsync("kek-1", Cancel, ("key", "a passphrase"));
        await WaitVaultAsync(world, v => Condition(v) is { Status: "False", Reason: "KeyInvalid" });
        Assert.Empty(world.Agent.Puts);

        await PutSecretAsync(world, "kek-1", DataKey.Generate());
        var (_, put) = await PutAsync(world, 1);
        Assert.NotNull(put.PayloadKey);
        await WaitVaultAsync(world, v => Condition(v) is { Status: "True" });

        // Taken away again: the vault says so, and what the host has goes on.
        await world.Client.MergePatchAsync<V1Secret>(new(world.Namespace, "kek-1"), """{"data":null}""", null, Cancel);
        await EncryptAsync(world, """{"rotation":"wanted while the key is away"}""");
        await WaitVaultAsync(world, v => Condition(v) is { Status: "False", Reason: "KeySecretIncomplete" });
        Assert.Single(world.Agent.Puts);
    }

    [Fact]
    public async Task Keys_are_rotated_by_the_vaults_spec()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await GiveKeyAsync(world, "kek-1");
        var second = await GiveKeyAsync(world, "kek-2");
        await EncryptAsync(world, """{"keySecretRef":{"name":"kek-1","key":"key"}}""");
        await world.ProtectAsync("vm", Cancel);
        var (id, first) = await PutAsync(world, 1);

        await EncryptAsync(world, """{"rotation":"2027"}""");
        var (_, rotated) = await PutAsync(world, 2);
        Assert.NotEqual(first.PayloadKey.Id, rotated.PayloadKey.Id);
        Assert.Equal(
            [(first.PayloadKey.Id, DataKeyState.Retired), (rotated.PayloadKey.Id, DataKeyState.Active)],
            (await KeysAsync(world, id)).Keys.Select(k => (k.DataKeyId, k.State)));

        await EncryptAsync(world, """{"keySecretRef":{"name":"kek-2"},"previousKeySecretRef":{"name":"kek-1","key":"key"}}""");
        await Eventually.HoldsAsync(async () => (await KeysAsync(world, id)).Keys.All(k => k.WrappedBy == second.Id.ToString()), Cancel);
        var vault = await WaitVaultAsync(world, v => v.Status?.Encryption is { VmsUnderOlderKeys: 0 } e && e.KeyId == second.Id.ToString(), touch: true);
        Assert.Equal("True", Condition(vault).Status);
        Assert.All(world.Agent.Puts.Skip(1), put => Assert.Equal(rotated.PayloadKey.Id, put.PayloadKey.Id));
        Assert.All((await KeysAsync(world, id)).Keys, k => Assert.NotNull(second.TryUnwrap(k, ProtectionId.Parse(id))));
    }

    [Fact]
    public async Task Switched_on_later_it_holds_from_then_on_and_it_is_not_switched_off()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel);
        await world.ProtectAsync("vm", Cancel);
        var (_, plain) = await PutAsync(world, 1);
        Assert.Null(plain.PayloadKey);

        await GiveKeyAsync(world, "kek-1");
        await EncryptAsync(world, """{"keySecretRef":{"name":"kek-1","key":"key"}}""");
        var (_, put) = await PutAsync(world, 2);
        Assert.NotNull(put.PayloadKey);

        // A server without CEL lets it pass.
        await world.Client.MergePatchAsync<RecoveryVault>(new(world.Namespace, "vault"), """{"spec":{"encryption":null}}""", null, Cancel);
        await world.WaitAsync("vm", s => s.Conditions.Any(c => c is { Type: "Stalled", Status: "True", Reason: "EncryptionRemoved" }), Cancel);
        Assert.Equal(2, world.Agent.Puts.Count);
    }

    [Fact]
    public async Task An_agent_that_cannot_encrypt_is_given_nothing()
    {
        await using var world = await TestWorld.CreateAsync(cluster, Cancel, w => w.Agent.Description.EncryptsPayloads = false);
        await GiveKeyAsync(world, "kek-1");
        await EncryptAsync(world, """{"keySecretRef":{"name":"kek-1","key":"key"}}""");
        await world.ProtectAsync("vm", Cancel);

        var open = await world.WaitAsync("vm", s => s.Conditions.Any(c => c is { Type: "Replicating", Reason: "AgentCannotEncrypt" }), Cancel);

        Assert.Contains("Upgrade the host agent", open.Conditions.Single(c => c.Type == "Replicating").Message, StringComparison.Ordinal);
        Assert.Empty(world.Agent.Puts);
    }

    private static async Task<KeyEncryptionKey> GiveKeyAsync(TestWorld world, string name)
    {
        var secret = DataKey.Generate();
        await world.SecretAsync(name, Cancel, ("key", Convert.ToBase64String(secret.Secret)));
        return KeyEncryptionKey.TryParse(secret.Secret)!;
    }

    private static Task<V1Secret> PutSecretAsync(TestWorld world, string name, DataKey secret)
    {
        var data = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Convert.ToBase64String(secret.Secret)));
        return world.Client.MergePatchAsync<V1Secret>(new(world.Namespace, name), $$$"""{"data":{"key":"{{{data}}}"}}""", null, Cancel);
    }

    private static Task<RecoveryVault> EncryptAsync(TestWorld world, string encryption) =>
        world.Client.MergePatchAsync<RecoveryVault>(new(world.Namespace, "vault"), $$$$"""{"spec":{"encryption":{{{{encryption}}}}}}""", null, Cancel);

    private static Task<RecoveryVault> TouchAsync(TestWorld world) =>
        world.Client.MergePatchAsync<RecoveryVault>(new(world.Namespace, "vault"), $$$$"""{"metadata":{"labels":{"touched":"{{{{Guid.NewGuid():N}}}}"}}}""", null, Cancel);

    private static async Task<(string Id, DesiredProtection Put)> PutAsync(TestWorld world, int number)
    {
        await Eventually.HoldsAsync(() => world.Agent.Puts.Count >= number, Cancel);
        var put = world.Agent.Puts.ToArray()[number - 1];
        return (put.ProtectionId, put);
    }

    private static async Task<KeysDocument> KeysAsync(TestWorld world, string id) =>
        VaultJson.Read<KeysDocument>(System.Text.Encoding.UTF8.GetBytes(await world.Replicas.ReadAsync(id, "keys.json", Cancel)), "keys.json");

    private static async Task<RecoveryVault> WaitVaultAsync(TestWorld world, Func<RecoveryVault, bool> wanted, bool touch = false)
    {
        RecoveryVault? vault = null;
        await Eventually.HoldsAsync(
            async () =>
            {
                if (touch)
                    await TouchAsync(world);
                vault = await world.Client.GetAsync<RecoveryVault>(new(world.Namespace, "vault"), Cancel);
                return vault?.Status is not null && wanted(vault);
            },
            Cancel);
        return vault!;
    }

    private static V1Condition Condition(RecoveryVault vault) => vault.Status?.Conditions.FirstOrDefault(c => c.Type == "EncryptionReady") ?? new();
}
