using System.Text.Json;
using System.Text.Json.Nodes;

namespace RecoveryOperator.Kubernetes.Status;

/// <summary>
/// Whether two JSON values mean the same: the order of keys does not matter, null is the same as absent, 1 is 1.0, and a list whose
/// items are told apart by <c>type</c> (conditions) is compared without order, as the server may keep it in another.
/// </summary>
internal static class StatusComparer
{
    public static bool AreEqual(JsonNode? left, JsonNode? right) => (left, right) switch
    {
        (null, null) => true,
        (null, _) or (_, null) => false,
        (JsonObject a, JsonObject b) => ObjectsEqual(a, b),
        (JsonArray a, JsonArray b) => ArraysEqual(a, b),
        (JsonValue a, JsonValue b) => ValuesEqual(a, b),
        _ => false,
    };

    private static bool ObjectsEqual(JsonObject a, JsonObject b) =>
        a.Count(p => p.Value is not null) == b.Count(p => p.Value is not null)
        && a.All(p => p.Value is null || (b.TryGetPropertyValue(p.Key, out var other) && AreEqual(p.Value, other)));

    private static bool ArraysEqual(JsonArray a, JsonArray b)
    {
        if (a.Count != b.Count)
            return false;
        if (ByType(a) is { } left && ByType(b) is { } right)
            return left.All(p => right.TryGetValue(p.Key, out var other) && AreEqual(p.Value, other));
        return a.Zip(b).All(p => AreEqual(p.First, p.Second));
    }

    private static Dictionary<string, JsonNode>? ByType(JsonArray array)
    {
        var byType = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        foreach (var item in array)
        {
            if (item is not JsonObject o || o["type"] is not JsonValue type || type.GetValueKind() != JsonValueKind.String
                || !byType.TryAdd(type.GetValue<string>(), o))
                return null;
        }

        return byType;
    }

    private static bool ValuesEqual(JsonValue a, JsonValue b)
    {
        if (a.GetValueKind() != b.GetValueKind())
            return false;
        return a.GetValueKind() == JsonValueKind.Number
            ? decimal.TryParse(a.ToJsonString(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var x)
                && decimal.TryParse(b.ToJsonString(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var y)
                ? x == y
                : a.ToJsonString() == b.ToJsonString()
            : JsonNode.DeepEquals(a, b);
    }
}
