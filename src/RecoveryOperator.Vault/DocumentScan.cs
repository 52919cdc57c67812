using System.Text.Json;

namespace RecoveryOperator.Vault;

/// <summary>
/// One pass over a document before anything of it is believed: that it is JSON, that all of its texts can be held by a string (JSON's escapes can say
/// more, and would be an error much later, when the document is written again), and which format it has.
/// </summary>
internal static class DocumentScan
{
    /// <summary>The document's format version; null when it has none.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidOperationException">A text of it is none.</exception>
    public static int? FindFormatVersion(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json);
        int? version = null;
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                CheckText(reader);
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1 || !reader.ValueTextEquals("formatVersion"u8))
                continue;

            reader.Read();
            version = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int found) && found >= 1 ? found : null;
        }

        return version;
    }

    private static void CheckText(in Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped || reader.ValueSpan.ContainsAnyExceptInRange((byte)0, (byte)127))
            _ = reader.GetString();
    }
}
