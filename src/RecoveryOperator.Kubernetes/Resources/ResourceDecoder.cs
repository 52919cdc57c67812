using System.Text.Json;
using k8s;
using k8s.Models;

namespace RecoveryOperator.Kubernetes.Resources;

/// <summary>
/// Reads lists and watch lines object by object, so that one object which does not fit its type (an edit past an old schema) hides
/// only itself and not its whole kind.
/// </summary>
internal static class ResourceDecoder
{
    public static ResourceList<T> List<T>(string json)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        using var document = JsonDocument.Parse(json);
        var items = new List<T>();
        var undecodable = new List<UndecodableObject>();
        if (document.RootElement.TryGetProperty("items", out var array) && array.ValueKind == JsonValueKind.Array)
        {
            foreach (var element in array.EnumerateArray())
            {
                if (Decode<T>(element, out var error) is { } item)
                    items.Add(item);
                else
                    undecodable.Add(new(KeyOf(element), error));
            }
        }

        var metadata = document.RootElement.TryGetProperty("metadata", out var found) ? found : default;
        var next = Text(metadata, "continue");
        return new(items, undecodable, Text(metadata, "resourceVersion") ?? string.Empty, string.IsNullOrEmpty(next) ? null : next);
    }

    public static WatchEvent<T> Event<T>(string line)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        using var document = JsonDocument.Parse(line);
        var type = Text(document.RootElement, "type");
        var element = document.RootElement.GetProperty("object");
        if (type == "ERROR")
            return new WatchEvent<T>.Failed(element.TryGetProperty("code", out var code) ? code.GetInt32() : 0, Text(element, "message") ?? element.GetRawText());

        var metadata = element.GetProperty("metadata");
        if (type == "BOOKMARK")
            return new WatchEvent<T>.Bookmark(Text(metadata, "resourceVersion") ?? string.Empty);
        if (type == "DELETED")
            return new WatchEvent<T>.Deleted(KeyOf(element), Text(metadata, "resourceVersion"));
        return Decode<T>(element, out var error) is { } entity
            ? new WatchEvent<T>.Changed(entity)
            : new WatchEvent<T>.Undecodable(new(KeyOf(element), error), Text(metadata, "resourceVersion"));
    }

    public static T Object<T>(string json)
        where T : class, IKubernetesObject<V1ObjectMeta> => WithType(KubernetesJson.Deserialize<T>(json));

    private static T? Decode<T>(JsonElement element, out string error)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        error = string.Empty;
        try
        {
            return WithType(KubernetesJson.Deserialize<T>(element));
        }
        catch (Exception e) when (e is JsonException or FormatException or NotSupportedException)
        {
            error = e.Message;
            return null;
        }
    }

    /// <summary>Items of a list of a built-in kind carry neither apiVersion nor kind.</summary>
    private static T WithType<T>(T entity)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var type = ResourceType.Of<T>();
        entity.ApiVersion ??= type.ApiVersion;
        entity.Kind ??= type.Kind;
        entity.Metadata ??= new V1ObjectMeta();
        return entity;
    }

    private static NamespacedName KeyOf(JsonElement element) =>
        element.TryGetProperty("metadata", out var metadata)
            ? new(Text(metadata, "namespace") ?? string.Empty, Text(metadata, "name") ?? string.Empty)
            : default;

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
