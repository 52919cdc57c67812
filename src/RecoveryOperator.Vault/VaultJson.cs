using System.Text.Json;
using System.Text.Json.Serialization;

namespace RecoveryOperator.Vault;

/// <summary>JSON of the vault's documents: camelCase, enums by name, format version checked before anything else is believed.</summary>
public static class VaultJson
{
    /// <summary>Newest format that this program reads, and the one that it writes.</summary>
    public const int FormatVersion = 1;

    /// <summary>The one set of options.</summary>
    public static JsonSerializerOptions Options { get; } = CreateOptions();

    /// <summary>The document's bytes, UTF-8 without a BOM.</summary>
    public static byte[] Write<T>(T document) => JsonSerializer.SerializeToUtf8Bytes(document, Options);

    /// <summary>Reads a document.</summary>
    /// <param name="json">Its bytes.</param>
    /// <param name="target">The blob's name, for errors.</param>
    /// <exception cref="VaultException">Unsupported when its format is newer, Damaged when it is no such document.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> json, string target)
    {
        try
        {
            CheckFormat(json, target);
            return JsonSerializer.Deserialize<T>(json.Span, Options) ?? throw Damaged(target, "it holds null", null);
        }
        catch (JsonException fault)
        {
            throw Damaged(target, fault.Message, fault);
        }
    }

    private static void CheckFormat(ReadOnlyMemory<byte> json, string target)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("formatVersion", out JsonElement element)
            || element.ValueKind != JsonValueKind.Number || !element.TryGetInt32(out int version) || version < 1)
        {
            throw Damaged(target, "it has no formatVersion", null);
        }

        if (version > FormatVersion)
        {
            throw new VaultException(
                VaultFault.Unsupported,
                target,
                $"{target} has format version {version}; this program reads up to {FormatVersion}.",
                "Upgrade this program to the version that wrote the vault.");
        }
    }

    private static VaultException Damaged(string target, string finding, Exception? cause) => new(
        VaultFault.Damaged,
        target,
        $"{target} is not a document of this vault: {finding}",
        "Restore the blob from a copy, or remove the protection and protect the VM anew.",
        cause);

    private static JsonSerializerOptions CreateOptions()
    {
        JsonSerializerOptions options = new(JsonSerializerDefaults.Web)
        {
            RespectNullableAnnotations = true,
            NumberHandling = JsonNumberHandling.Strict,
            PropertyNameCaseInsensitive = false,
            Converters = { new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false) },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
