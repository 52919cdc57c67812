using k8s;
using k8s.Models;

namespace RecoveryOperator.Kubernetes.Hosting;

/// <summary>What a reconcile came to.</summary>
/// <param name="Entity">The object as the reconcile left it.</param>
/// <param name="IsSuccess">Whether it did what it should. A failure is retried with the key's back-off, unless a time is given.</param>
/// <param name="RequeueAfter">When to look again, at the latest; null for the next change or resync.</param>
/// <param name="ErrorMessage">What failed and what to do; set on failure only.</param>
/// <param name="Error">The fault behind a failure, if there was one.</param>
public sealed record ReconciliationResult<TEntity>(
    TEntity Entity, bool IsSuccess, TimeSpan? RequeueAfter = null, string? ErrorMessage = null, Exception? Error = null)
    where TEntity : IKubernetesObject<V1ObjectMeta>
{
#pragma warning disable CA1000 // KubeOps' own shape: a controller written for it compiles unchanged.
    /// <summary>All is done until something changes.</summary>
    public static ReconciliationResult<TEntity> Success(TEntity entity) => new(entity, true);

    /// <summary>All is done for now; look again after <paramref name="requeueAfter"/>.</summary>
    public static ReconciliationResult<TEntity> Success(TEntity entity, TimeSpan requeueAfter) => new(entity, true, requeueAfter);

    /// <summary>An expected failure.</summary>
    /// <param name="entity">The object.</param>
    /// <param name="errorMessage">What failed, and what to do.</param>
    /// <param name="error">The fault behind it.</param>
    /// <param name="requeueAfter">When to try again; null for the key's back-off.</param>
    public static ReconciliationResult<TEntity> Failure(
        TEntity entity, string errorMessage, Exception? error = null, TimeSpan? requeueAfter = null) =>
        new(entity, false, requeueAfter, errorMessage, error);
#pragma warning restore CA1000
}
