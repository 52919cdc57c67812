using System.Text.Json.Nodes;
using k8s;
using k8s.Models;

namespace RecoveryOperator.Kubernetes.Status;

/// <summary>
/// Cuts a status down to what a field manager owns, by the object's managedFields. So a field or condition that another manager wrote
/// is no difference, and one that this manager no longer wants still is.
/// </summary>
internal static class OwnedFields
{
    /// <summary>The owned part; null if the manager owns nothing; the whole status if the object carries no managedFields at all.</summary>
    public static JsonNode? Of(JsonNode? status, V1ObjectMeta metadata, string fieldManager)
    {
        if (metadata.ManagedFields is not { Count: > 0 } entries)
            return status;
        // Servers before 1.22 do not name the subresource in the entry.
        var own = entries.FirstOrDefault(e => e.Manager == fieldManager && e.Operation == "Apply" && (e.Subresource is null or "" or "status"));
        var fields = own?.FieldsV1 is { } v1 ? JsonNode.Parse(KubernetesJson.Serialize(v1)) : null;
        return fields?["f:status"] is JsonObject owned ? Project(status, owned) : null;
    }

    private static JsonNode? Project(JsonNode? value, JsonObject fields)
    {
        // A leaf: the manager owns the value as a whole.
        if (!fields.Any(f => f.Key != "."))
            return value?.DeepClone();
        return value switch
        {
            JsonObject o => ProjectObject(o, fields),
            JsonArray a => ProjectArray(a, fields),
            _ => value?.DeepClone(),
        };
    }

    private static JsonObject ProjectObject(JsonObject value, JsonObject fields)
    {
        var result = new JsonObject();
        foreach (var (name, child) in fields)
        {
            if (name.StartsWith("f:", StringComparison.Ordinal) && value.TryGetPropertyValue(name[2..], out var found))
                result[name[2..]] = Project(found, child as JsonObject ?? []);
        }

        return result;
    }

    private static JsonArray ProjectArray(JsonArray value, JsonObject fields)
    {
        var result = new JsonArray();
        foreach (var item in value)
        {
            if (OwnershipOf(item, fields) is { } child)
                result.Add(Project(item, child));
        }

        return result;
    }

    /// <summary>The entry for a list item: <c>k:{keys}</c> for a list that is a map, <c>v:value</c> for one that is a set.</summary>
    private static JsonObject? OwnershipOf(JsonNode? item, JsonObject fields)
    {
        foreach (var (name, child) in fields)
        {
            if (name.Length < 2 || name[0] is not ('k' or 'v') || name[1] != ':' || JsonNode.Parse(name[2..]) is not { } wanted)
                continue;
            var matches = name[0] == 'v'
                ? StatusComparer.AreEqual(item, wanted)
                : item is JsonObject o && wanted is JsonObject keys && keys.All(k => StatusComparer.AreEqual(o[k.Key], k.Value));
            if (matches)
                return child as JsonObject ?? [];
        }

        return null;
    }
}
