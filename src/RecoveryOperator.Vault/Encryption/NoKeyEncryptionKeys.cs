namespace RecoveryOperator.Vault.Encryption;

/// <summary>An agent that was given no key: encrypted sets wait.</summary>
public sealed class NoKeyEncryptionKeys : IKeyEncryptionKeys
{
    /// <summary>The one instance.</summary>
    public static NoKeyEncryptionKeys Instance { get; } = new();

    /// <inheritdoc/>
    public KeyEncryptionKeySet Read() => KeyEncryptionKeySet.Empty;
}
