using System.Security.Cryptography;
using System.Text;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault.Encryption;

/// <summary>A key that wraps data keys: 32 bytes. A secret; its text is its id. Safe for concurrent use.</summary>
public sealed class KeyEncryptionKey
{
    /// <summary>Bytes of a key.</summary>
    public const int LengthBytes = 32;

    private const int NonceLengthBytes = 12;
    private const int TagLengthBytes = 16;
    private const int WrappedLengthBytes = NonceLengthBytes + DataKey.LengthBytes + TagLengthBytes;

    private readonly byte[] _wrappingKey;

    private KeyEncryptionKey(ReadOnlySpan<byte> secret)
    {
        Id = KeyId.Of(secret);
        _wrappingKey = new byte[LengthBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, _wrappingKey, [], "recovery-operator/wrap/1"u8);
    }

    /// <summary>Its id.</summary>
    public KeyId Id { get; }

    /// <summary>Reads a key as it stands in a Secret or a file: 32 raw bytes, or their base64.</summary>
    /// <returns>The key; null when it is neither. A passphrase is not a key.</returns>
    public static KeyEncryptionKey? TryParse(ReadOnlySpan<byte> content)
    {
        if (content.Length == LengthBytes)
            return new KeyEncryptionKey(content);

        Span<byte> decoded = stackalloc byte[LengthBytes + 1];
        bool isKey = content.Length < 128 && Convert.TryFromBase64String(Encoding.UTF8.GetString(content).Trim(), decoded, out int length) && length == LengthBytes;
        KeyEncryptionKey? key = isKey ? new KeyEncryptionKey(decoded[..LengthBytes]) : null;
        CryptographicOperations.ZeroMemory(decoded);
        return key;
    }

    /// <summary>Wraps a data key of one protection.</summary>
    public string Wrap(DataKey key, ProtectionId protection)
    {
        ArgumentNullException.ThrowIfNull(key);
        byte[] wrapped = new byte[WrappedLengthBytes];
        Span<byte> nonce = wrapped.AsSpan(0, NonceLengthBytes);
        RandomNumberGenerator.Fill(nonce);
        using AesGcm aes = new(_wrappingKey, TagLengthBytes);
        aes.Encrypt(nonce, key.Secret, wrapped.AsSpan(NonceLengthBytes, DataKey.LengthBytes), wrapped.AsSpan(^TagLengthBytes..), Associated(protection, key.Id));
        return Convert.ToBase64String(wrapped);
    }

    /// <summary>Unwraps a data key that this key wrapped.</summary>
    /// <returns>The key; null when it was not wrapped by this key for this protection under this id, or was changed.</returns>
    public DataKey? TryUnwrap(WrappedDataKey wrapped, ProtectionId protection)
    {
        ArgumentNullException.ThrowIfNull(wrapped);
        Span<byte> content = stackalloc byte[WrappedLengthBytes + 1];
        if (wrapped.Id is not { } id || !Convert.TryFromBase64String(wrapped.Wrapped, content, out int length) || length != WrappedLengthBytes)
            return null;

        Span<byte> secret = stackalloc byte[DataKey.LengthBytes];
        using AesGcm aes = new(_wrappingKey, TagLengthBytes);
        try
        {
            aes.Decrypt(
                content[..NonceLengthBytes],
                content.Slice(NonceLengthBytes, DataKey.LengthBytes),
                content.Slice(NonceLengthBytes + DataKey.LengthBytes, TagLengthBytes),
                secret,
                Associated(protection, id));
            DataKey key = DataKey.FromSecret(secret);
            return key.Id == id ? key : null;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null; // The caller says which key of which VM it is.
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>Text without the secret.</summary>
    public override string ToString() => $"key-encryption key {Id}";

    private byte[] Associated(ProtectionId protection, KeyId dataKey)
    {
        ReadOnlySpan<byte> label = "recovery-operator/data-key/1"u8;
        byte[] associated = new byte[label.Length + ProtectionId.LengthBytes + (2 * KeyId.LengthBytes)];
        label.CopyTo(associated);
        Span<byte> ids = associated.AsSpan(label.Length);
        protection.Write(ids);
        dataKey.Write(ids[ProtectionId.LengthBytes..]);
        Id.Write(ids[(ProtectionId.LengthBytes + KeyId.LengthBytes)..]);
        return associated;
    }
}
