using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Encryption;

namespace RecoveryOperator.Vault.Tests.Encryption;

/// <summary>What operator and user do with keys: data keys in <c>keys.json</c>, and the key-encryption keys that an agent has.</summary>
internal sealed class KeyRack(ProtectionVault vault) : IKeyEncryptionKeys
{
    private readonly List<WrappedDataKey> _wrapped = [];

    public List<KeyEncryptionKey> Held { get; } = [];

    public static KeyEncryptionKey NewKeyEncryptionKey() => KeyEncryptionKey.TryParse(DataKey.Generate().Secret)!;

    public KeyEncryptionKeySet Read() => new([.. Held], Held.Count == 0 ? ["there is no file '/keys/kek'"] : []);

    /// <summary>Makes a data key, or puts a known one under another key-encryption key, and writes the document.</summary>
    public async Task<DataKey> WrapAsync(KeyEncryptionKey by, DataKey? known = null)
    {
        DataKey key = known ?? DataKey.Generate();
        _wrapped.RemoveAll(wrapped => wrapped.Id == key.Id);
        _wrapped.Add(new WrappedDataKey(key.Id.ToString(), by.Id.ToString(), by.Wrap(key, vault.Id), TestDocuments.Now, DataKeyState.Active, ""));
        await WriteAsync([.. _wrapped]);
        return key;
    }

    public async Task WriteAsync(IReadOnlyList<WrappedDataKey> keys)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        KeysDocument document = new() { ProtectionId = vault.Id.ToString(), Keys = keys };
        Assert.NotNull(await vault.WriteKeysAsync(document, (await vault.ReadKeysAsync(token))?.ETag, token));
    }

    public static WrappedDataKey Wrap(KeyEncryptionKey by, DataKey key, ProtectionId protection) =>
        new(key.Id.ToString(), by.Id.ToString(), by.Wrap(key, protection), TestDocuments.Now, DataKeyState.Active, "");
}
