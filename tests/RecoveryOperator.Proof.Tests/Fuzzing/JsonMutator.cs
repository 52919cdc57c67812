using System.Text;
using System.Text.Json.Nodes;

namespace RecoveryOperator.Proof.Tests.Fuzzing;

/// <summary>Changes a JSON document where it stays JSON: members left out or null, of another type, at the extremes, lists with holes in them.</summary>
internal sealed class JsonMutator(Random random, IReadOnlyList<byte[]> corpus)
{
    private static readonly string[] Literals =
    [
        "null", "0", "-1", "1", "true", "\"\"", "\"x\"", "[]", "{}", "[null]", "2147483648", "-9223372036854775808", "9223372036854775807", "1e400", "0.5",
        "99999999999999999999999", "\"2026-02-30T00:00:00Z\"", "\"9999-12-31T23:59:59.9999999Z\"", "\"../../x\"", "\"lone-surrogate\"", "\"\\u0000\"",
        "{\"lone-surrogate\":1}", "\"CrashConsistent\"", "\"Seal\"", "\"Set\"", "7", "[[[[]]]]", "{\"formatVersion\":1}",
    ];

    /// <summary>One to three changes of a valid document; now and then a damaged text instead.</summary>
    public byte[] Next()
    {
        if (random.Next(4) == 0)
            return new Mutator(random, corpus).Next();

        JsonNode root = JsonNode.Parse(corpus[random.Next(corpus.Count)])!;
        for (int changes = random.Next(1, 4); changes > 0; changes--)
            Change(root);
        // JSON allows an escape that no text can hold; the node tree does not, so it comes in last.
        string text = root.ToJsonString().Replace("lone-surrogate", "\\ud800", StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(random.Next(10) == 0 ? Deepen(text) : text);
    }

    private void Change(JsonNode root)
    {
        List<JsonNode> containers = [];
        Collect(root, containers);
        switch (containers[random.Next(containers.Count)])
        {
            case JsonObject { Count: > 0 } members:
                Change(members);
                break;
            case JsonArray items:
                Change(items);
                break;
        }
    }

    private void Change(JsonObject members)
    {
        string name = members.ElementAt(random.Next(members.Count)).Key;
        switch (random.Next(4))
        {
            case 0:
                members.Remove(name);
                break;
            case 1:
                members[name] = null;
                break;
            default:
                members[name] = Literal();
                break;
        }
    }

    private void Change(JsonArray items)
    {
        if (items.Count == 0 || random.Next(3) == 0)
            items.Add(Literal());
        else if (random.Next(2) == 0)
            items[random.Next(items.Count)] = Literal();
        else
            items.Add(items[random.Next(items.Count)]?.DeepClone());
    }

    private JsonNode? Literal() => JsonNode.Parse(Literals[random.Next(Literals.Length)]);

    private string Deepen(string text)
    {
        int depth = random.Next(1, 400);
        return string.Concat(Enumerable.Repeat("{\"x\":", depth)) + text + new string('}', depth);
    }

    private static void Collect(JsonNode? node, List<JsonNode> containers)
    {
        if (node is JsonObject members)
        {
            containers.Add(members);
            foreach (KeyValuePair<string, JsonNode?> member in members)
                Collect(member.Value, containers);
        }
        else if (node is JsonArray items)
        {
            containers.Add(items);
            foreach (JsonNode? item in items)
                Collect(item, containers);
        }
    }
}
