using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using k8s.Models;
using YamlDotNet.RepresentationModel;

namespace RecoveryOperator.Api.Tests.Schemas;

/// <summary>Compares a type with its schema, property by property, both ways, and says where they differ.</summary>
internal sealed class SchemaComparison
{
    private static readonly NullabilityInfoContext Nullability = new();

    public List<string> Differences { get; } = [];

    public void Compare(Type type, YamlNode? schema, string path)
    {
        var actual = Nullable.GetUnderlyingType(type) ?? type;
        if (actual.IsEnum)
            Expect(path, "enum", string.Join(",", Enum.GetNames(actual).Order()), string.Join(",", schema.At("enum").Texts().Order()));
        else if (Scalar(actual) is { } scalar)
            Expect(path, "type", scalar, $"{schema.At("type")}/{schema.At("format")}");
        else if (ItemOf(actual) is { } item)
            CompareList(item, schema, path);
        else
            CompareObject(actual, schema, path);
    }

    private void CompareList(Type item, YamlNode? schema, string path)
    {
        Expect(path, "type", "array", schema.At("type")?.ToString());
        Expect(path, "bounded", "True", (schema.At("maxItems") is not null).ToString());
        Compare(item, schema.At("items"), path + "[]");
    }

    private void CompareObject(Type type, YamlNode? schema, string path)
    {
        Expect(path, "type", "object", schema.At("type")?.ToString());
        var properties = type.GetProperties().ToDictionary(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name));
        var described = schema.At("properties") is YamlMappingNode map ? map.Children.ToDictionary(p => p.Key.ToString(), p => p.Value) : [];
        Expect(path, "properties", string.Join(",", properties.Keys.Order()), string.Join(",", described.Keys.Order()));
        if (type != typeof(V1Condition))
            CompareRequired(type, properties, described, schema.At("required").Texts(), path);
        foreach (var (name, property) in properties)
            Compare(property.PropertyType, described.GetValueOrDefault(name), $"{path}.{name}");
    }

    /// <summary>Required is required in both. The rest is nullable or a list, or has the same default in both.</summary>
    private void CompareRequired(
        Type type, Dictionary<string, PropertyInfo> properties, Dictionary<string, YamlNode> described, IReadOnlyList<string> required, string path)
    {
        var sample = RuntimeHelpers.GetUninitializedObject(type);
        if (!properties.Values.Any(IsRequired) && type.GetConstructor([]) is not null)
            sample = Activator.CreateInstance(type)!;
        else if (type.GetConstructor([]) is { } constructor)
            sample = constructor.Invoke(null);
        foreach (var (name, property) in properties)
        {
            Expect($"{path}.{name}", "required", IsRequired(property).ToString(), required.Contains(name).ToString());
            if (IsRequired(property) || IsOptional(property))
                continue;
            var @default = property.GetValue(sample) is bool flag ? (flag ? "true" : "false") : property.GetValue(sample)?.ToString();
            Expect($"{path}.{name}", "default", @default, described.GetValueOrDefault(name).At("default")?.ToString());
        }
    }

    private static bool IsRequired(PropertyInfo property) => property.IsDefined(typeof(RequiredMemberAttribute));

    private static bool IsOptional(PropertyInfo property) =>
        Nullability.Create(property).ReadState == NullabilityState.Nullable || ItemOf(property.PropertyType) is not null;

    private static Type? ItemOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GetGenericArguments()[0] : null;

    private static string? Scalar(Type type) => type switch
    {
        _ when type == typeof(string) => "string/",
        _ when type == typeof(bool) => "boolean/",
        _ when type == typeof(int) => "integer/int32",
        _ when type == typeof(long) => "integer/int64",
        _ when type == typeof(DateTimeOffset) || type == typeof(DateTime) => "string/date-time",
        _ => null,
    };

    private void Expect(string path, string what, string? inType, string? inSchema)
    {
        if (inType != inSchema)
            Differences.Add($"{path}: {what} is '{inType}' in the type and '{inSchema}' in the schema");
    }
}
