using System.Reflection;
using k8s.Models;
using RecoveryOperator.Api.Common;
using RecoveryOperator.Api.ProtectedVMs;
using YamlDotNet.RepresentationModel;

namespace RecoveryOperator.Api.Tests.Schemas;

public class CustomResourceDefinitionTests
{
    public static TheoryData<string> Kinds => [.. Types().Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Type_and_schema_have_the_same_properties_enums_requirements_and_defaults(string kind)
    {
        var (type, schema) = Find(kind);
        var comparison = new SchemaComparison();

        comparison.Compare(type.GetProperty("Spec")!.PropertyType, schema.At("properties", "spec"), "spec");
        comparison.Compare(type.GetProperty("Status")!.PropertyType, schema.At("properties", "status"), "status");

        Assert.Empty(comparison.Differences);
        Assert.Equal(["spec"], schema.At("required").Texts());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Names_are_those_of_the_type(string kind)
    {
        var (type, _) = Find(kind);
        var definition = Definition(kind);
        var entity = type.GetCustomAttribute<KubernetesEntityAttribute>()!;

        Assert.Equal(entity.Group, definition.At("spec", "group")?.ToString());
        Assert.Equal(entity.PluralName, definition.At("spec", "names", "plural")?.ToString());
        Assert.Equal($"{entity.PluralName}.{entity.Group}", definition.At("metadata", "name")?.ToString());
        Assert.Equal("Namespaced", definition.At("spec", "scope")?.ToString());
        Assert.Contains("recovery", definition.At("spec", "names", "categories").Texts());
        Assert.Single(definition.At("spec", "names", "shortNames").Texts());
        Assert.NotNull(Version(definition).At("subresources", "status"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Conditions_are_a_map_by_type_so_that_several_writers_can_share_them(string kind)
    {
        var conditions = Find(kind).Schema.At("properties", "status", "properties", "conditions");

        Assert.Equal("map", conditions.At("x-kubernetes-list-type")?.ToString());
        Assert.Equal(["type"], conditions.At("x-kubernetes-list-map-keys").Texts());
        Assert.Equal(["type", "status", "lastTransitionTime", "reason", "message"], conditions.At("items", "required").Texts());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Objects_in_a_status_are_owned_as_a_whole_so_that_an_old_server_can_take_them_away(string kind)
    {
        var properties = (YamlMappingNode)Find(kind).Schema.At("properties", "status", "properties")!;

        Assert.All(
            properties.Children.Values.Where(p => p.At("type")?.ToString() == "object"),
            p => Assert.Equal("atomic", p.At("x-kubernetes-map-type")?.ToString()));
    }

    [Fact]
    public void Every_kind_has_one_file_and_every_file_a_kind() =>
        Assert.Equal(
            Types().Select(t => t.GetCustomAttribute<KubernetesEntityAttribute>()!.PluralName).Order(StringComparer.Ordinal),
            RepositoryFiles.In("crds").Select(Path.GetFileNameWithoutExtension));

    private static (Type Type, YamlNode Schema) Find(string kind) =>
        (Types().Single(t => t.Name == kind), Version(Definition(kind)).At("schema", "openAPIV3Schema")!);

    private static YamlMappingNode Definition(string kind) =>
        RepositoryFiles.In("crds").SelectMany(RepositoryFiles.Documents).Single(d => d.At("spec", "names", "kind")?.ToString() == kind);

    private static YamlNode Version(YamlMappingNode definition) =>
        ((YamlSequenceNode)definition.At("spec", "versions")!).Single(v => v.At("name")?.ToString() == ApiConstants.Version);

    private static IEnumerable<Type> Types() =>
        typeof(ProtectedVM).Assembly.GetTypes().Where(t => t.IsDefined(typeof(KubernetesEntityAttribute))).OrderBy(t => t.Name, StringComparer.Ordinal);
}
