using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace RecoveryOperator.DataPath.Encryption;

/// <summary>
/// Names a key without telling anything of it: sixteen bytes derived from the key, written as 32 lower-case hexadecimal digits. A key proves its id.
/// </summary>
public readonly record struct KeyId
{
    /// <summary>Bytes of an id.</summary>
    public const int LengthBytes = 16;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    private readonly UInt128 _value;

    private KeyId(UInt128 value) => _value = value;

    private static ReadOnlySpan<byte> Info => "recovery-operator/key-id/1"u8;

    /// <summary>The id of a key.</summary>
    public static KeyId Of(ReadOnlySpan<byte> key)
    {
        Span<byte> id = stackalloc byte[LengthBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, id, [], Info);
        return Read(id);
    }

    /// <summary>Reads sixteen raw bytes.</summary>
    public static KeyId Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    /// <summary>Reads 32 lower-case hexadecimal digits; null when the text is anything else.</summary>
    public static KeyId? TryParse(string? text) =>
        text?.Length == 2 * LengthBytes && !text.AsSpan().ContainsAnyExcept(Digits)
            ? new KeyId(UInt128.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))
            : null;

    /// <summary>Writes the sixteen raw bytes.</summary>
    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, _value);

    /// <inheritdoc/>
    public override string ToString() => _value.ToString("x32", CultureInfo.InvariantCulture);
}
