using RecoveryOperator.Api.Common;
using YamlDotNet.RepresentationModel;

namespace RecoveryOperator.Api.Tests.Schemas;

/// <summary>What <c>kubectl explain</c> says.</summary>
public class DescriptionTests
{
    /// <summary>Endings of names, or patterns, of values that have a unit, and the words of which one must be in the description.</summary>
    private static readonly (Func<string, YamlNode, bool> Has, string[] Words)[] Units =
    [
        ((name, _) => name.Contains("bytes", StringComparison.OrdinalIgnoreCase) || name == "limitPerSecond", ["bytes"]),
        ((name, _) => name.EndsWith("percent", StringComparison.OrdinalIgnoreCase), ["percent"]),
        ((name, _) => name.Contains("seconds", StringComparison.OrdinalIgnoreCase), ["seconds"]),
        ((_, node) => node.At("pattern")?.ToString().Contains("ms|s|m|h", StringComparison.Ordinal) == true, ["duration"]),
        ((_, node) => node.At("pattern")?.ToString().Contains("[01][0-9]|2[0-3]", StringComparison.Ordinal) == true, ["HH:MM"]),
        ((_, node) => node.At("format")?.ToString() == "date-time", ["When", "Instant", "instant"]),
        ((name, node) => node.At("type")?.ToString() == "integer" && node.At("minimum")?.ToString() == "0" && !name.EndsWith("Generation", StringComparison.Ordinal),
            ["bytes", "percent", "seconds", "Number", "number", "How", "from 1", "RecoveryHosts", "ProtectedVMs", "Percent", "Seconds", "Bytes", "Machines", "Those", "All of them"]),
    ];

    public static TheoryData<string> Kinds => [.. RepositoryFiles.In("crds").Select(Path.GetFileNameWithoutExtension).OfType<string>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_field_is_explained_in_whole_sentences(string plural) =>
        Assert.Empty(Fields(plural).Where(f => Text(f.Node) is not { Length: > 3 } text || !char.IsUpper(text[0]) || !text.EndsWith('.')).Select(f => $"{f.Path}: '{Text(f.Node)}'"));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_field_with_a_unit_names_it(string plural)
    {
        var missing =
            from field in Fields(plural)
            from unit in Units
            where unit.Has(field.Path[(field.Path.LastIndexOf('.') + 1)..], field.Node)
                && !unit.Words.Any(word => Text(field.Node)!.Contains(word, char.IsUpper(word[0]) ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase))
            select $"{field.Path}: '{Text(field.Node)}' names none of {string.Join(", ", unit.Words)}";
        Assert.Empty(missing);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_rule_tells_what_to_do(string plural)
    {
        var messages = Nodes(Schema(plural)).Select(n => n.At("x-kubernetes-validations")).OfType<YamlSequenceNode>().SelectMany(rules => rules).Select(rule => rule.At("message")?.ToString());
        Assert.All(messages, message => Assert.Matches("must|give|only|cannot be", message));
    }

    private static string? Text(YamlNode field) => field.At("description")?.ToString();

    private static YamlNode Schema(string plural) =>
        ((YamlSequenceNode)RepositoryFiles.In("crds").Where(path => Path.GetFileNameWithoutExtension(path) == plural).SelectMany(RepositoryFiles.Documents).Single().At("spec", "versions")!)
            .Single(v => v.At("name")?.ToString() == ApiConstants.Version).At("schema", "openAPIV3Schema")!;

    /// <summary>All of them but apiVersion, kind and metadata, which the server explains by itself.</summary>
    private static IEnumerable<(string Path, YamlNode Node)> Fields(string plural) =>
        [.. Below("spec", Schema(plural).At("properties", "spec")!), .. Below("status", Schema(plural).At("properties", "status")!)];

    private static IEnumerable<(string Path, YamlNode Node)> Below(string path, YamlNode node)
    {
        yield return (path, node);
        var inner = node.At("items") ?? node;
        if (inner.At("properties") is not YamlMappingNode properties)
            yield break;
        foreach (var field in properties.Children.SelectMany(child => Below($"{path}.{child.Key}", child.Value)))
            yield return field;
    }

    private static IEnumerable<YamlNode> Nodes(YamlNode node) => node switch
    {
        YamlMappingNode map => map.Children.Values.SelectMany(Nodes).Prepend(node),
        YamlSequenceNode list => list.SelectMany(Nodes),
        _ => [],
    };
}
