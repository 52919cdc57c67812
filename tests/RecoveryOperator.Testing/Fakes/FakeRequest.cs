using Microsoft.AspNetCore.Http;

namespace RecoveryOperator.Testing.Fakes;

/// <summary>The parts of a resource path.</summary>
/// <param name="Resource">Group, version and plural: what a collection is keyed by.</param>
/// <param name="Namespace">The namespace, or null.</param>
/// <param name="Name">The object, or null for the collection.</param>
/// <param name="Subresource">The subresource, or null.</param>
internal sealed record FakeRequest(string Resource, string? Namespace, string? Name, string? Subresource)
{
    public static FakeRequest? Parse(PathString path)
    {
        var parts = path.Value?.Split('/', StringSplitOptions.RemoveEmptyEntries) ?? [];
        var rootLength = parts is ["api", _, ..] ? 2 : parts is ["apis", _, _, ..] ? 3 : int.MaxValue;
        if (parts.Length <= rootLength)
            return null;
        var root = string.Join('/', parts[..rootLength]);
        var rest = parts[rootLength..];
        return rest is ["namespaces", var ns, var plural, ..]
            ? new($"{root}/{plural}", ns, rest.ElementAtOrDefault(3), rest.ElementAtOrDefault(4))
            : new($"{root}/{rest[0]}", null, rest.ElementAtOrDefault(1), rest.ElementAtOrDefault(2));
    }
}
