using System.Text.Json;
using k8s;
using k8s.Models;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Finalizers;

/// <summary>
/// Adds and removes finalizers by a merge patch that carries the resourceVersion read: if another changed the object meanwhile, the
/// server refuses with a conflict, and nobody's finalizer is lost.
/// </summary>
/// <param name="client">Writes to the API server.</param>
public sealed class FinalizerWriter(ResourceClient client)
{
    /// <summary>Adds finalizers that are missing.</summary>
    /// <returns>The object as stored, or <paramref name="entity"/> itself if nothing was missing.</returns>
    /// <exception cref="ResourceRequestException">A conflict: read again and come back; or another failure.</exception>
    public Task<T> AddAsync<T>(T entity, IEnumerable<string> finalizers, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(entity);
        var before = entity.Metadata.Finalizers ?? [];
        return PatchAsync(entity, [.. before.Union(finalizers)], before.Count, cancellationToken);
    }

    /// <summary>Removes a finalizer if it is there.</summary>
    /// <returns>The object as stored, or <paramref name="entity"/> itself if there was nothing to remove.</returns>
    /// <exception cref="ResourceRequestException">A conflict: read again and come back; or another failure.</exception>
    public Task<T> RemoveAsync<T>(T entity, string finalizer, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(entity);
        var before = entity.Metadata.Finalizers ?? [];
        return PatchAsync(entity, [.. before.Where(f => f != finalizer)], before.Count, cancellationToken);
    }

    private Task<T> PatchAsync<T>(T entity, List<string> finalizers, int countBefore, CancellationToken cancellationToken)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (finalizers.Count == countBefore)
            return Task.FromResult(entity);
        var patch = JsonSerializer.Serialize(new { metadata = new { resourceVersion = entity.Metadata.ResourceVersion, finalizers } });
        return client.MergePatchAsync<T>(NamespacedName.Of(entity), patch, null, cancellationToken);
    }
}
