using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace RecoveryOperator.Api.Tests;

/// <summary>Files of the repository that the tests read as they are.</summary>
internal static class RepositoryFiles
{
    public static IReadOnlyList<string> In(params string[] folders) =>
        [.. Directory.GetFiles(Path.Combine([Root(), .. folders]), "*.yaml").Order(StringComparer.Ordinal)];

    public static IReadOnlyList<YamlMappingNode> Documents(string path)
    {
        using var reader = File.OpenText(path);
        var stream = new YamlStream();
        stream.Load(reader);
        return [.. stream.Documents.Select(d => (YamlMappingNode)d.RootNode)];
    }

    public static YamlNode? At(this YamlNode? node, params string[] path) =>
        path.Aggregate(node, (at, name) => at is YamlMappingNode map && map.Children.TryGetValue(name, out var next) ? next : null);

    public static IReadOnlyList<string> Texts(this YamlNode? node) =>
        node is YamlSequenceNode list ? [.. list.Select(item => item.ToString())] : [];

    /// <summary>The node as the JSON that kubectl would send.</summary>
    public static JsonNode? ToJson(this YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(p => KeyValuePair.Create(p.Key.ToString(), p.Value.ToJson()))),
        YamlSequenceNode list => new JsonArray([.. list.Select(item => item.ToJson())]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } flag => JsonValue.Create(flag.Value == "true"),
        YamlScalarNode { Style: ScalarStyle.Plain } plain when long.TryParse(plain.Value, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new InvalidOperationException($"{node.NodeType} at {node.Start} has no JSON form."),
    };

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "RecoveryOperator.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("RecoveryOperator.sln was not found above the test's folder.");
    }
}
