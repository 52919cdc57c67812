using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Vault;

/// <summary>JSON of the vault's documents: camelCase, enums by name, format version checked before anything else is believed.</summary>
public static class VaultJson
{
    /// <summary>The format that this program writes, and the newest that it reads; of sets also <see cref="SetManifest.EncryptedFormatVersion"/>.</summary>
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
            CheckFormat(json.Span, target, typeof(T) == typeof(SetManifest) ? SetManifest.EncryptedFormatVersion : FormatVersion);
            return JsonSerializer.Deserialize<T>(json.Span, Options) ?? throw Damaged(target, "it holds null", null);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw Damaged(target, fault.Message, fault);
        }
    }

    private static void CheckFormat(ReadOnlySpan<byte> json, string target, int newestVersion)
    {
        if (DocumentScan.FindFormatVersion(json) is not { } version)
            throw Damaged(target, "it has no formatVersion", null);

        if (version > newestVersion)
        {
            throw new VaultException(
                VaultFault.Unsupported,
                target,
                $"{target} has format version {version}; this program reads up to {newestVersion}.",
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
            Converters = { new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false), new WholeListConverter() },
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { RequireWhatIsNeverNull } },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    /// <summary>A member that is left out would be null whatever its declaration says.</summary>
    private static void RequireWhatIsNeverNull(JsonTypeInfo type)
    {
        foreach (JsonPropertyInfo member in type.Properties)
        {
            bool canBeNull = !member.PropertyType.IsValueType || member.PropertyType == typeof(JsonElement);
            if (canBeNull && member.AssociatedParameter is { IsNullable: false, HasDefaultValue: false })
                member.IsRequired = true;
        }
    }
}
