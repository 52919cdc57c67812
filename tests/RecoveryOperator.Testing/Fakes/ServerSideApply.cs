using System.Text.Json.Nodes;

namespace RecoveryOperator.Testing.Fakes;

/// <summary>
/// Server-side apply with force, as far as the tests need it: maps merge, lists of objects with a <c>type</c> are maps by it, all else
/// is taken whole. What a manager gave before and no longer gives goes.
/// </summary>
internal static class ServerSideApply
{
    public static JsonObject Apply(JsonObject current, JsonObject applied, string manager)
    {
        var result = current.DeepClone().AsObject();
        var wanted = new JsonObject { ["status"] = applied["status"]?.DeepClone() };
        var fields = FieldsOf(wanted);
        var entries = result["metadata"]!["managedFields"]?.AsArray() ?? [];
        var mine = entries.FirstOrDefault(e => e?["manager"]?.GetValue<string>() == manager);
        if (mine?["fieldsV1"] is JsonObject before)
            RemoveLeft(result, before, fields);
        Merge(result, wanted);
        var kept = entries.Where(e => e != mine).Select(e => e!.DeepClone()).ToArray();
        result["metadata"]!["managedFields"] = new JsonArray([.. kept, Entry(manager, fields)]);
        return result;
    }

    private static JsonObject Entry(string manager, JsonObject fields) => new()
    {
        ["manager"] = manager,
        ["operation"] = "Apply",
        ["subresource"] = "status",
        ["fieldsType"] = "FieldsV1",
        ["fieldsV1"] = fields,
    };

    private static JsonObject FieldsOf(JsonNode? value)
    {
        var fields = new JsonObject();
        if (value is JsonObject map)
        {
            foreach (var (name, child) in map)
                fields[$"f:{name}"] = FieldsOf(child);
        }
        else if (value is JsonArray list && IsMap(list))
        {
            foreach (var item in list)
            {
                var child = FieldsOf(item);
                child["."] = new JsonObject();
                fields[KeyOf(item!)] = child;
            }
        }

        return fields;
    }

    private static void RemoveLeft(JsonNode? value, JsonObject before, JsonObject now)
    {
        foreach (var (name, child) in before)
        {
            var stays = now[name] as JsonObject;
            if (value is JsonObject map && name.StartsWith("f:", StringComparison.Ordinal))
            {
                if (stays is null)
                    map.Remove(name[2..]);
                else
                    RemoveLeft(map[name[2..]], child!.AsObject(), stays);
            }
            else if (value is JsonArray list && list.FirstOrDefault(i => KeyOf(i!) == name) is { } item)
            {
                if (stays is null)
                    list.Remove(item);
                else
                    RemoveLeft(item, child!.AsObject(), stays);
            }
        }
    }

    private static void Merge(JsonObject target, JsonObject applied)
    {
        foreach (var (name, value) in applied)
        {
            if (value is JsonObject map && target[name] is JsonObject existing)
                Merge(existing, map);
            else if (value is JsonArray list && IsMap(list) && target[name] is JsonArray present && IsMap(present))
                MergeList(present, list);
            else
                target[name] = value?.DeepClone();
        }
    }

    private static void MergeList(JsonArray target, JsonArray applied)
    {
        foreach (var item in applied)
        {
            if (target.FirstOrDefault(t => KeyOf(t!) == KeyOf(item!)) is JsonObject existing)
                Merge(existing, item!.AsObject());
            else
                target.Add(item!.DeepClone());
        }
    }

    private static bool IsMap(JsonArray list) => list.Count > 0 && list.All(i => i is JsonObject o && o["type"] is JsonValue);

    private static string KeyOf(JsonNode item) => $"k:{new JsonObject { ["type"] = item["type"]?.DeepClone() }.ToJsonString()}";
}
