using System.Reflection;
using k8s.Models;

namespace RecoveryOperator.Kubernetes.Resources;

/// <summary>A kind as the API server addresses it.</summary>
/// <param name="Group">The API group; empty for the core group.</param>
/// <param name="Version">The version within the group.</param>
/// <param name="Kind">The kind, as in a manifest.</param>
/// <param name="Plural">The plural name, as in a path.</param>
public sealed record ResourceType(string Group, string Version, string Kind, string Plural)
{
    /// <summary><c>group/version</c>, or the version alone for the core group.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>The kind of <typeparamref name="T"/>, from its <see cref="KubernetesEntityAttribute"/>.</summary>
    /// <exception cref="InvalidOperationException">The type carries no such attribute, or an incomplete one.</exception>
    public static ResourceType Of<T>() => OfType<T>.Value;

    /// <summary>The path of the collection: of one namespace, or of all (also of a cluster-scoped kind) if it is null or empty.</summary>
    public string CollectionPath(string? @namespace)
    {
        var root = Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}";
        return string.IsNullOrEmpty(@namespace) ? $"{root}/{Plural}" : $"{root}/namespaces/{Uri.EscapeDataString(@namespace)}/{Plural}";
    }

    /// <summary>The path of one object, or of its subresource.</summary>
    public string ObjectPath(NamespacedName key, string? subresource = null)
    {
        var path = $"{CollectionPath(key.Namespace)}/{Uri.EscapeDataString(key.Name)}";
        return subresource is null ? path : $"{path}/{subresource}";
    }

    private static class OfType<T>
    {
        public static readonly ResourceType Value = Read();

        private static ResourceType Read()
        {
            var attribute = typeof(T).GetCustomAttribute<KubernetesEntityAttribute>();
            if (attribute is not { Kind.Length: > 0, ApiVersion.Length: > 0, PluralName.Length: > 0 })
            {
                throw new InvalidOperationException(
                    $"{typeof(T)} has no [KubernetesEntity] attribute with Kind, ApiVersion and PluralName: add it to use the type as a resource.");
            }

            return new(attribute.Group ?? string.Empty, attribute.ApiVersion, attribute.Kind, attribute.PluralName);
        }
    }
}
