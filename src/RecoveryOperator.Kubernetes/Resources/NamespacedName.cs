using k8s.Models;

namespace RecoveryOperator.Kubernetes.Resources;

/// <summary>The key of an object within its kind.</summary>
/// <param name="Namespace">The namespace; empty for a cluster-scoped object.</param>
/// <param name="Name">The name.</param>
public readonly record struct NamespacedName(string Namespace, string Name)
{
    /// <summary>The key of <paramref name="entity"/>.</summary>
    public static NamespacedName Of(IMetadata<V1ObjectMeta> entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        return new(entity.Metadata.NamespaceProperty ?? string.Empty, entity.Metadata.Name ?? string.Empty);
    }

    /// <summary><c>namespace/name</c>, or the name alone for a cluster-scoped object.</summary>
    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
