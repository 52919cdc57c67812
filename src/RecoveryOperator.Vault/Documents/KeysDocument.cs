using RecoveryOperator.DataPath.Encryption;

namespace RecoveryOperator.Vault.Documents;

/// <summary><c>keys.json</c>: the wrapped data keys of one protected VM (docs/formats/encryption.md).</summary>
public sealed record KeysDocument
{
    /// <summary>Format of the document, 1.</summary>
    public int FormatVersion { get; init; } = 1;

    /// <summary>Protection, 32 hex digits.</summary>
    public required string ProtectionId { get; init; }

    /// <summary>All keys, oldest first.</summary>
    public IReadOnlyList<WrappedDataKey> Keys { get; init; } = [];
}

/// <summary>What a data key is used for.</summary>
public enum DataKeyState
{
    /// <summary>New sets are encrypted under it.</summary>
    Active,

    /// <summary>Older sets are read with it.</summary>
    Retired,
}

/// <summary>A data key, wrapped.</summary>
/// <param name="DataKeyId">Its id, 32 hex digits.</param>
/// <param name="WrappedBy">Id of the key-encryption key, 32 hex digits.</param>
/// <param name="Wrapped">Nonce, ciphertext and tag, base64.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="State">What it is used for.</param>
/// <param name="Rotation">Value of <c>spec.encryption.rotation</c> that it was made for.</param>
public sealed record WrappedDataKey(
    string DataKeyId, string WrappedBy, string Wrapped, DateTimeOffset CreatedAt, DataKeyState State, string Rotation)
{
    /// <summary>Its id; null when it is no id.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public KeyId? Id => KeyId.TryParse(DataKeyId);
}
