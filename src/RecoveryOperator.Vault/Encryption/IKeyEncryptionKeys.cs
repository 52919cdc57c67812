namespace RecoveryOperator.Vault.Encryption;

/// <summary>Where a vault agent has its key-encryption keys from. Asked anew for each set: a key that was given back is found, one that was taken away is gone.</summary>
public interface IKeyEncryptionKeys
{
    /// <summary>The keys that are there now.</summary>
    KeyEncryptionKeySet Read();
}

/// <summary>Key-encryption keys.</summary>
/// <param name="Keys">Those that can be used.</param>
/// <param name="Problems">What is wrong with the others, for people, without secrets.</param>
public sealed record KeyEncryptionKeySet(IReadOnlyList<KeyEncryptionKey> Keys, IReadOnlyList<string> Problems)
{
    /// <summary>No key at all.</summary>
    public static KeyEncryptionKeySet Empty { get; } = new([], []);
}
