using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Vault.Encryption;

/// <summary>The data keys of one replica, as far as its applier can unwrap them.</summary>
internal sealed class ReplicaKeys
{
    private readonly ProtectionVault _vault;
    private readonly KeysDocument? _document;
    private readonly KeyEncryptionKeySet _held;

    private ReplicaKeys(ProtectionVault vault, KeysDocument? document, KeyEncryptionKeySet held)
    {
        _vault = vault;
        _document = document;
        _held = held;
        Ring = new DataKeyRing((document?.Keys ?? []).Select(Unwrap).OfType<DataKey>().DistinctBy(key => key.Id));
    }

    /// <summary>The keys.</summary>
    public DataKeyRing Ring { get; }

    /// <summary>Opens the keys for one set. A set in the clear, or without changes, costs nothing.</summary>
    /// <exception cref="VaultException">KeyMissing: one that the set names is not there.</exception>
    public static async Task<ReplicaKeys> OpenAsync(ProtectionVault vault, IKeyEncryptionKeys source, SetManifest set, CancellationToken cancellationToken)
    {
        if (set.DataKeys is not { } wanted || set.Disks.All(disk => disk.Base.Count + disk.Segments.Count == 0))
            return new ReplicaKeys(vault, null, KeyEncryptionKeySet.Empty);

        ReplicaKeys keys = new(vault, (await vault.ReadKeysAsync(cancellationToken))?.Value, source.Read());
        foreach (string name in wanted)
        {
            if (KeyId.TryParse(name) is not { } id)
                throw new SetDamageException(VaultNames.Set(set.Epoch, set.Sequence), $"it names '{name}' as a data key, which is no id");
            if (keys.Ring.Find(id) is null)
                throw keys.Missing(id);
        }

        return keys;
    }

    /// <summary>The fault of a data key that is not there: which one is wanted, which keys are there, what to do.</summary>
    public VaultException Missing(KeyId id)
    {
        (string wanted, KeysDocument? document, KeyEncryptionKeySet held) = (id.ToString(), _document, _held);
        string blob = $"{_vault.Replica.Name}/{VaultNames.Keys}";
        WrappedDataKey? wrapped = document?.Keys.FirstOrDefault(key => key.DataKeyId == wanted);
        if (wrapped is null)
        {
            return New(
                blob,
                document is null ? $"Data key {wanted} is wanted, and there is no {blob}." : $"Data key {wanted} is wanted, and {blob} does not have it.",
                "Restore the blob (soft delete keeps it for some days). If it is lost, resynchronize the machine: its recovery points are whole.");
        }

        string given = held.Keys.Count == 0 ? "no key-encryption key" : $"key-encryption key {string.Join(", ", held.Keys.Select(key => key.Id))}";
        string problems = held.Problems.Count == 0 ? "" : $" ({string.Join("; ", held.Problems)})";
        return held.Keys.Any(key => key.Id.ToString() == wrapped.WrappedBy)
            ? New(blob, $"Data key {wanted} in {blob} was changed: key-encryption key {wrapped.WrappedBy} does not open it.", "Restore the blob (soft delete keeps it for some days).")
            : New(
                blob,
                $"Data key {wanted} is wrapped by key-encryption key {wrapped.WrappedBy}; this vault agent has {given}{problems}.",
                "Give it that key (Vault:EncryptionKeyFiles; with the chart the Secret under vaultAgent.encryption). Sets wait in the vault and are applied once the key is there; recovery points need no key.");
    }

    private DataKey? Unwrap(WrappedDataKey wrapped) => _held.Keys
        .FirstOrDefault(key => key.Id.ToString() == wrapped.WrappedBy)?.TryUnwrap(wrapped, _vault.Id);

    private static VaultException New(string target, string message, string remedy) => new(VaultFault.KeyMissing, target, message, remedy);
}
