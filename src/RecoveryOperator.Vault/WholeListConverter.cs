using System.Text.Json;
using System.Text.Json.Serialization;

namespace RecoveryOperator.Vault;

/// <summary>Reads lists of records and refuses one with a hole: the serialiser itself lets null stand in a list of what is never null.</summary>
internal sealed class WholeListConverter : JsonConverterFactory
{
    /// <inheritdoc/>
    public override bool CanConvert(Type typeToConvert) =>
        typeToConvert.IsGenericType && typeToConvert.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) && !typeToConvert.GenericTypeArguments[0].IsValueType;

    /// <inheritdoc/>
    public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) =>
        (JsonConverter)Activator.CreateInstance(typeof(Converter<>).MakeGenericType(typeToConvert.GenericTypeArguments[0]))!;

    private sealed class Converter<T> : JsonConverter<IReadOnlyList<T>>
        where T : class
    {
        public override IReadOnlyList<T>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            List<T> items = JsonSerializer.Deserialize<List<T>>(ref reader, options)!;
            int hole = items.IndexOf(null!);
            return hole < 0 ? items : throw new JsonException($"Item {hole} of a list of {typeof(T).Name} is null.");
        }

        public override void Write(Utf8JsonWriter writer, IReadOnlyList<T> value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            foreach (T item in value)
                JsonSerializer.Serialize(writer, item, options);
            writer.WriteEndArray();
        }
    }
}
