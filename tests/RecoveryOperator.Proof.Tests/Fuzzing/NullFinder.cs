using System.Collections;
using System.Reflection;
using System.Text.Json;

namespace RecoveryOperator.Proof.Tests.Fuzzing;

/// <summary>Looks through a document for what is null although its declaration says that it never is.</summary>
internal static class NullFinder
{
    private static readonly NullabilityInfoContext Nullability = new();

    /// <summary>Path of the first one, or null when there is none.</summary>
    public static string? Find(object document) => Find(document, document.GetType().Name);

    private static string? Find(object value, string path)
    {
        if (value is IEnumerable items and not string)
        {
            int index = 0;
            foreach (object? item in items)
            {
                if (Look(item, item is null, $"{path}[{index++}]") is { } found)
                    return found;
            }

            return null;
        }

        if (value.GetType().Namespace?.StartsWith("RecoveryOperator", StringComparison.Ordinal) != true || value.GetType().IsEnum)
            return null;
        return value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.GetIndexParameters().Length == 0)
            .Select(property => (Property: property, Value: property.GetValue(value)))
            .Select(member => Look(member.Value, member.Value is null && MustNotBeNull(member.Property), $"{path}.{member.Property.Name}"))
            .FirstOrDefault(found => found is not null);
    }

    private static string? Look(object? value, bool isWrong, string path) => value switch
    {
        null => isWrong ? path : null,
        JsonElement { ValueKind: JsonValueKind.Undefined } => path,
        _ => Find(value, path),
    };

    private static bool MustNotBeNull(PropertyInfo property)
    {
        lock (Nullability)
            return !property.PropertyType.IsValueType && Nullability.Create(property).ReadState == NullabilityState.NotNull;
    }
}
