using System.Security.Cryptography;

namespace RecoveryOperator.DataPath.Encryption;

/// <summary>The key of one protected VM's change logs: 32 bytes, of which segment keys are derived. A secret; its text is its id.</summary>
public sealed class DataKey
{
    /// <summary>Bytes of a key.</summary>
    public const int LengthBytes = 32;

    private readonly byte[] _bytes;

    private DataKey(byte[] bytes)
    {
        _bytes = bytes;
        Id = KeyId.Of(bytes);
    }

    /// <summary>Its id.</summary>
    public KeyId Id { get; }

    /// <summary>The key itself. Never for messages.</summary>
    public ReadOnlySpan<byte> Secret => _bytes;

    /// <summary>A new key from the system's random source.</summary>
    public static DataKey Generate() => new(RandomNumberGenerator.GetBytes(LengthBytes));

    /// <summary>A key that was generated before.</summary>
    /// <exception cref="ArgumentException">It is not 32 bytes long.</exception>
    public static DataKey FromSecret(ReadOnlySpan<byte> secret) => secret.Length == LengthBytes
        ? new DataKey(secret.ToArray())
        : throw new ArgumentException($"A data key has {LengthBytes} bytes, these are {secret.Length}.", nameof(secret));

    /// <summary>Text without the secret.</summary>
    public override string ToString() => $"data key {Id}";
}
