using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace RecoveryOperator.DataPath;

/// <summary>Names one protected VM in the vault: sixteen bytes, written as 32 lower-case hexadecimal digits.</summary>
public readonly record struct ProtectionId
{
    /// <summary>Bytes of an id.</summary>
    public const int LengthBytes = 16;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    private readonly UInt128 _value;

    private ProtectionId(UInt128 value) => _value = value;

    /// <summary>Reads 32 lower-case hexadecimal digits.</summary>
    /// <exception cref="FormatException">The text is anything else.</exception>
    public static ProtectionId Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length == 2 * LengthBytes && !text.AsSpan().ContainsAnyExcept(Digits)
            ? new(UInt128.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))
            : throw new FormatException($"'{text}' is not a protection id: 32 lower-case hexadecimal digits are expected.");
    }

    /// <summary>Reads sixteen raw bytes.</summary>
    public static ProtectionId Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    /// <summary>The id of a VM: the first half of SHA-256 over the three parts, each but the last followed by a line feed.</summary>
    public static ProtectionId Compute(string vaultPrefix, string vmNamespace, string name) =>
        Read(SHA256.HashData(Encoding.UTF8.GetBytes($"{vaultPrefix}\n{vmNamespace}\n{name}")).AsSpan(0, LengthBytes));

    /// <summary>Writes the sixteen raw bytes.</summary>
    public void Write(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, _value);

    /// <inheritdoc/>
    public override string ToString() => _value.ToString("x32", CultureInfo.InvariantCulture);
}
